import type { TriedJob } from '../jobs/job.ts';
import { viewJob } from '../jobs/job-view.ts';
import { factsOf } from './job-facts.ts';
import { type StoredJobs, withStoredJobs } from './stored-jobs.ts';

/** Does something to one stored job after the other, and prints what became of each. */
export async function withEachJob(
  ids: readonly string[],
  json: boolean | undefined,
  work: (opened: StoredJobs, id: string) => Promise<TriedJob>,
): Promise<void> {
  await withStoredJobs(async (opened, links) => {
    for (const id of ids) {
      const view = viewJob(await work(opened, id), links);
      console.log(json ? JSON.stringify(view, null, 2) : factsOf(view));
    }
  });
}
