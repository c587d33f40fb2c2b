import { v7 as uuidv7 } from 'uuid';
import { TintypeError } from '../errors/tintype-error.ts';
import type { NewJob, TriedJob } from './job.ts';
import type { JobQueue } from './job-queue.ts';
import type { JobStore } from './job-store.ts';
import type { ObjectStore } from './object-store.ts';
import { hasSource } from './source-object.ts';
import { canRetry } from './states.ts';

/** What callers may do to jobs. New work is committed first, then the queue rings. */
export class Jobs {
  readonly #store: JobStore;
  readonly #queue: Pick<JobQueue, 'ring'>;
  readonly #objects: Pick<ObjectStore, 'size'>;
  readonly #retentionMs: number | undefined;

  /** @param retentionMs how long jobs that say nothing of it are kept after their end; left out, for ever. */
  constructor(
    store: JobStore,
    queue: Pick<JobQueue, 'ring'>,
    objects: Pick<ObjectStore, 'size'>,
    retentionMs?: number,
  ) {
    this.#store = store;
    this.#queue = queue;
    this.#objects = objects;
    this.#retentionMs = retentionMs;
  }

  /** As the store's `submit`; the id is made here. */
  async submit(job: Omit<NewJob, 'id'>): Promise<TriedJob> {
    const kept = this.#retentionMs === undefined ? {} : { retentionMs: this.#retentionMs };
    const accepted = await this.#store.submit({ id: uuidv7(), ...kept, ...job });
    this.#queue.ring();
    return accepted;
  }

  /** As the store's `cancel`. The worker that has the job notices by itself. */
  async cancel(id: string, owner?: string): Promise<TriedJob> {
    const cancelled = await this.#store.cancel(id, owner);
    // The next group under its order key may have waited for it.
    this.#queue.ring();
    return cancelled;
  }

  /** As the store's `retry`; throws `source-gone` too, when the original is not there any more. */
  async retry(id: string, owner?: string): Promise<TriedJob> {
    const job = await this.#store.get(id, owner);
    if (job && canRetry(job.status) && !(await hasSource(job.source, this.#objects))) {
      throw new TintypeError('source-gone', `The original of job ${id} is not there any more.`);
    }
    const next = await this.#store.retry(id, owner);
    this.#queue.ring();
    return next;
  }
}
