import { setTimeout } from 'node:timers/promises';
import type { JobStore } from './job-store.ts';

/** Of the jobs that may wait to start: from the first on nothing is taken in, until there are fewer than the second. */
const fractions = { pause: 0.8, resume: 0.7 };
/** Between two looks while there is no room, and the age from which a count is taken anew; in milliseconds. */
const lookMs = 1_000;

/** Keeps an intake from filling the queue to its brim: the rest is for callers who wait for an answer. */
export class QueueRoom {
  readonly #store: Pick<JobStore, 'queued'>;
  readonly #pauseAt: number;
  readonly #resumeBelow: number;
  #isFull = false;
  #queued = 0;
  #countedAt = Number.NEGATIVE_INFINITY;

  /** @param most jobs of everybody that may wait to start */
  constructor(store: Pick<JobStore, 'queued'>, most: number) {
    this.#store = store;
    this.#pauseAt = Math.max(1, Math.floor(most * fractions.pause));
    this.#resumeBelow = Math.max(1, Math.floor(most * fractions.resume));
  }

  /** Resolves once there is room, to for how many jobs. Throws the signal's reason, and `storage-unavailable`. */
  async free(signal: AbortSignal): Promise<number> {
    for (;;) {
      if (performance.now() - this.#countedAt >= lookMs) {
        this.#queued = await this.#store.queued(this.#pauseAt);
        this.#countedAt = performance.now();
      }
      this.#isFull = this.#queued >= (this.#isFull ? this.#resumeBelow : this.#pauseAt);
      if (!this.#isFull) return this.#pauseAt - this.#queued;
      await setTimeout(lookMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  /** To be told at once, so that the next one knows before the next count. */
  taken(jobs: number): void {
    this.#queued += jobs;
  }
}
