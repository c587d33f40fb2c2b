import { readConfig } from '../config/config.ts';
import { objectStoreOptions } from '../config/object-store-options.ts';
import type { JobStore } from '../jobs/job-store.ts';
import { Jobs } from '../jobs/jobs.ts';
import { Links } from '../jobs/links.ts';
import { Redrive } from '../jobs/redrive.ts';
import { openObjectStore } from '../objects/open-object-store.ts';
import { createLogger } from '../telemetry/logger.ts';
import { openExistingStore } from './existing-store.ts';

export interface StoredJobs {
  readonly jobs: Jobs;
  readonly redrive: Redrive;
  readonly store: JobStore;
}

/** Opens the job store of the configuration for as long as the work takes, also beside a running service. */
export async function withStoredJobs(
  work: (opened: StoredJobs, links: Links) => Promise<void>,
): Promise<void> {
  const config = readConfig(process.env);
  await using parts = new AsyncDisposableStack();
  const { PUBLIC_URL, LOG_LEVEL } = config;
  const store = parts.adopt(await openExistingStore(config), opened => opened.close());
  const objectStore = await openObjectStore(objectStoreOptions(config), createLogger(LOG_LEVEL));
  parts.defer(() => objectStore.close());
  // Nobody to ring for: a running service notices the new work by itself.
  const queue = { ring: () => {} };
  const jobs = new Jobs(store.jobs, queue, objectStore.objects);
  const redrive = new Redrive(store.failedJobs, queue, objectStore.objects);
  await work({ jobs, redrive, store: store.jobs }, new Links(PUBLIC_URL));
}
