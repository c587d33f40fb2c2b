import { setTimeout as delay } from 'node:timers/promises';
import type { JobStore } from './job-store.ts';

/** Shares of the jobs that may wait to start: from the first on it is closed, and below the second open again. */
const closedFrom = 0.8;
const openBelow = 0.7;
/** The age from which a count is taken anew. Milliseconds. */
const freshMs = 1_000;
/** Before a closed gate is looked at again. Milliseconds. */
const lookMs = 500;

/**
 * Keeps an intake from filling the queue: the rest of it is for people. It counts the pending jobs of the job store by an
 * index, once a second at most, and adds what came through here since.
 */
export class IntakeGate {
  readonly #store: Pick<JobStore, 'queued'>;
  readonly #most: number;
  readonly #now: () => number;
  #counted = 0;
  #countedAt = Number.NEGATIVE_INFINITY;
  #taken = 0;
  #isClosed = false;
  #counting: Promise<void> | undefined;

  /**
   * @param most jobs of everybody that may wait to start
   * @param now milliseconds of any clock that only goes on
   */
  constructor(store: Pick<JobStore, 'queued'>, most: number, now: () => number = () => performance.now()) {
    this.#store = store;
    this.#most = most;
    this.#now = now;
  }

  /** Whether more events may be taken now. Throws `storage-unavailable`. */
  async isOpen(): Promise<boolean> {
    if (this.#now() - this.#countedAt >= freshMs) await this.#recount();
    const jobs = this.#counted + this.#taken;
    this.#isClosed = jobs >= this.#most * (this.#isClosed ? openBelow : closedFrom);
    return !this.#isClosed;
  }

  /** To be called with the jobs of events that were taken. */
  took(jobs: number): void {
    this.#taken += jobs;
  }

  /** Resolves when it is open; rejects with the signal's reason, or with the job store's fault. */
  async opened(signal: AbortSignal): Promise<void> {
    while (!(await this.isOpen())) await delay(lookMs, undefined, { signal });
    signal.throwIfAborted();
  }

  /** One count at a time: each takes away what it has counted. */
  #recount(): Promise<void> {
    this.#counting ??= this.#count().finally(() => {
      this.#counting = undefined;
    });
    return this.#counting;
  }

  async #count(): Promise<void> {
    const before = this.#taken;
    this.#counted = await this.#store.queued(Math.ceil(this.#most * closedFrom));
    this.#countedAt = this.#now();
    this.#taken -= before;
  }
}
