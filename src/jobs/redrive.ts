import type { FailedJob, FailedJobFilter, FailedJobStore } from './failed-job-store.ts';
import type { JobQueue } from './job-queue.ts';
import type { ObjectStore } from './object-store.ts';
import { hasSource } from './source-object.ts';

export interface Redriven {
  readonly retried: number;
  /** Failed jobs whose original is not there any more. */
  readonly skipped: number;
}

/** Jobs of one transaction at least, where there are as many: each has to be synced to the disk. */
const batch = 100;

/** Runs failed jobs again. */
export class Redrive {
  readonly #failed: FailedJobStore;
  readonly #queue: Pick<JobQueue, 'ring'>;
  readonly #objects: Pick<ObjectStore, 'size'>;

  constructor(failed: FailedJobStore, queue: Pick<JobQueue, 'ring'>, objects: Pick<ObjectStore, 'size'>) {
    this.#failed = failed;
    this.#queue = queue;
    this.#objects = objects;
  }

  /**
   * The next run of every failed job that the filter takes, oldest first, in many small transactions: what was retried
   * stays so when a later one throws.
   */
  async retryFailed(filter: FailedJobFilter): Promise<Redriven> {
    let [retried, skipped] = [0, 0];
    let found: FailedJob[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.#failed.page(filter, cursor);
      cursor = page.nextCursor;
      found.push(...page.jobs);
      if (found.length < batch && cursor !== undefined) continue;
      const there = await Promise.all(found.map(({ source }) => hasSource(source, this.#objects)));
      const ids = found.filter((_, index) => there[index]).map(({ id }) => id);
      skipped += found.length - ids.length;
      const pending = ids.length === 0 ? 0 : await this.#failed.retry(ids);
      retried += pending;
      if (pending > 0) this.#queue.ring(pending);
      found = [];
    } while (cursor !== undefined);
    return { retried, skipped };
  }
}
