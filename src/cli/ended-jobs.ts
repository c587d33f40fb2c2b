import { setTimeout } from 'node:timers/promises';
import type { OpenJobStore } from '../job-store/open-job-store.ts';
import type { Job } from '../jobs/job.ts';
import { hasEnded } from '../jobs/states.ts';

/** News of changes are hints: without one the job is looked at this often, in milliseconds. */
const pollMs = 1_000;

/** Waits for the ends of jobs. */
export class EndedJobs {
  readonly #store: OpenJobStore;
  #change = Promise.withResolvers<void>();

  constructor(store: OpenJobStore) {
    this.#store = store;
    store.changes.subscribe(({ kind }) => {
      if (kind !== 'event') return;
      this.#change.resolve();
      this.#change = Promise.withResolvers<void>();
    });
  }

  /** The job as it ended. Throws the signal's reason. */
  async ended(id: string, signal: AbortSignal): Promise<Job> {
    for (;;) {
      const { promise: change } = this.#change;
      const job = await this.#store.jobs.get(id);
      if (job === undefined) throw new Error(`Job ${id} has gone.`);
      if (hasEnded(job.status)) return job;
      const poll = new AbortController();
      await Promise.race([
        change,
        setTimeout(pollMs, undefined, { signal: AbortSignal.any([signal, poll.signal]) }),
      ]).finally(() => poll.abort());
    }
  }
}
