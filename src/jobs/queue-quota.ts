import { TintypeError } from '../errors/tintype-error.ts';
import type { JobStore } from './job-store.ts';

export interface QueueLimits {
  /** Jobs of everybody that may wait to start. */
  readonly jobs: number;
  /** Of one owner. */
  readonly jobsPerOwner: number;
}

/** A job's place in the queue, kept while it is being submitted. `taken` before the disposal keeps it for good. */
export interface Place extends Disposable {
  taken(): void;
}

/** The age from which a count is taken anew, beside the work. Milliseconds. */
const freshMs = 1_000;
/** The same where the count says that the queue is full, so that it may be wrong. */
const freshWhenFullMs = 250;
const retryAfterSeconds = 5;

/**
 * Keeps callers from queueing more jobs than they may. It counts the pending jobs of the job store by an index, once a
 * second at most, and adds what came through here since. So it lets none through that is too many as far as this
 * process is concerned; what others add (other processes, retries, intake) it sees a second later.
 */
export class QueueQuota {
  readonly #everybody: Count;
  readonly #owners = new Map<string, Count>();
  readonly #store: JobStore;
  readonly #limits: QueueLimits;

  constructor(store: JobStore, limits: QueueLimits) {
    this.#store = store;
    this.#limits = limits;
    this.#everybody = new Count(() => store.queued(limits.jobs));
  }

  /** Throws `queue-full`. */
  async reserve(owner: string): Promise<Place> {
    const { jobs, jobsPerOwner } = this.#limits;
    const own = this.#count(owner);
    await own.refresh(jobsPerOwner);
    await this.#everybody.refresh(jobs);
    // From here to the end in one go, so that nobody else takes what is seen to be free.
    if (own.sum >= jobsPerOwner) throw full(`${jobsPerOwner} of your jobs wait to start: more may not.`);
    if (this.#everybody.sum >= jobs) throw full(`${jobs} jobs wait to start: more may not.`);
    const places = [own.add(), this.#everybody.add()];
    return {
      taken: () => {
        for (const place of places) place.taken();
      },
      [Symbol.dispose]: () => {
        for (const place of places) place[Symbol.dispose]();
      },
    };
  }

  #count(owner: string): Count {
    const known = this.#owners.get(owner);
    if (known !== undefined) return known;
    const count = new Count(() => this.#store.queued(this.#limits.jobsPerOwner, owner));
    this.#owners.set(owner, count);
    return count;
  }
}

/** How many jobs are pending: never less than there are by this process, and soon no more. */
class Count {
  readonly #ask: () => Promise<number>;
  #counted = 0;
  #countedAt = Number.NEGATIVE_INFINITY;
  #counting: Promise<void> | undefined;
  /** Submissions under way. */
  #reserved = 0;
  /** Accepted since the last count was asked for. */
  #accepted = 0;

  constructor(ask: () => Promise<number>) {
    this.#ask = ask;
  }

  get sum(): number {
    return this.#counted + this.#accepted + this.#reserved;
  }

  /** Resolves when the sum may be compared with the limit. */
  async refresh(limit: number): Promise<void> {
    const isFirst = this.#countedAt === Number.NEGATIVE_INFINITY;
    if (isFirst || (this.sum >= limit && this.#age() > freshWhenFullMs)) await this.#recount();
    // Nobody waits for it: whoever needs it next does, and hears why it failed.
    else if (this.#age() > freshMs) this.#recount().catch(() => {});
  }

  add(): Place {
    let isTaken = false;
    this.#reserved += 1;
    return {
      taken: () => {
        isTaken = true;
      },
      [Symbol.dispose]: () => {
        this.#reserved -= 1;
        if (isTaken) this.#accepted += 1;
      },
    };
  }

  #age(): number {
    return performance.now() - this.#countedAt;
  }

  #recount(): Promise<void> {
    this.#counting ??= this.#count().finally(() => {
      this.#counting = undefined;
    });
    return this.#counting;
  }

  async #count(): Promise<void> {
    const before = this.#accepted;
    this.#counted = await this.#ask();
    this.#countedAt = performance.now();
    this.#accepted -= before;
  }
}

function full(message: string): TintypeError {
  return new TintypeError('queue-full', message, { retryAfter: retryAfterSeconds });
}
