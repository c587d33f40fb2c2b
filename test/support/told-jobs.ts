import type { OpenJobStore } from '../../src/job-store/open-job-store.ts';
import type { NewJob } from '../../src/jobs/job.ts';
import type { JobWebhook } from '../../src/jobs/webhook.ts';
import { newJob } from './stored-jobs.ts';

/** Ends a job as quickly as one can, by cancelling it, so that its webhooks are told; resolves to its id. */
export async function endJob(
  store: OpenJobStore,
  webhooks: readonly JobWebhook[] = [],
  changes: Partial<NewJob> = {},
): Promise<string> {
  const { id } = await store.jobs.submit(newJob({ webhooks, ...changes }));
  await store.jobs.cancel(id);
  return id;
}

/** Ends so many jobs, some at a time. */
export async function endJobs(
  store: OpenJobStore,
  count: number,
  webhooks: readonly JobWebhook[],
): Promise<void> {
  let left = count;
  const lane = async () => {
    while (left-- > 0) await endJob(store, webhooks);
  };
  await Promise.all(Array.from({ length: 8 }, lane));
}
