import { v7 as uuidv7 } from 'uuid';
import type { Job, NewJob } from './job.ts';
import type { JobQueue } from './job-queue.ts';
import type { JobStore } from './job-store.ts';

/** What callers may do to jobs: each change is committed first, then the queue rings. */
export class Jobs {
  readonly #store: JobStore;
  readonly #queue: JobQueue;

  constructor(store: JobStore, queue: JobQueue) {
    this.#store = store;
    this.#queue = queue;
  }

  async submit(job: Omit<NewJob, 'id'>): Promise<Job> {
    const accepted = await this.#store.submit({ id: uuidv7(), ...job });
    this.#queue.ring();
    return accepted;
  }

  cancel(id: string, owner?: string): Promise<Job> {
    return this.#store.cancel(id, owner);
  }

  async retry(id: string, owner?: string): Promise<Job> {
    const next = await this.#store.retry(id, owner);
    this.#queue.ring();
    return next;
  }
}
