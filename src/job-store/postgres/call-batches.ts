import { TintypeError } from '../../errors/tintype-error.ts';
import { unavailable } from '../unavailable.ts';

/** The most calls of one transaction: the first of them waits for the last. */
const largestBatch = 64;

interface Waiting<C, R> {
  readonly call: C;
  readonly answer: PromiseWithResolvers<R>;
  /** Gives it up when its turn does not come. */
  readonly timer: NodeJS.Timeout;
}

/**
 * Calls of one kind that come while the ones before them are written, or in the same turn of the event loop, go together:
 * in one transaction with one commit.
 */
export class CallBatches<C, R> {
  readonly #run: (calls: readonly C[]) => Promise<readonly R[]>;
  readonly #subject: (call: C) => string;
  readonly #waitMs: number;
  #waiting: Waiting<C, R>[] = [];
  #isWorking = false;

  /**
   * @param run answers all calls in their order, or throws and has changed nothing
   * @param subject of calls about the same one each has a transaction of its own
   * @param waitMs the longest that a call waits for those before it
   */
  constructor(
    run: (calls: readonly C[]) => Promise<readonly R[]>,
    subject: (call: C) => string,
    waitMs: number,
  ) {
    this.#run = run;
    this.#subject = subject;
    this.#waitMs = waitMs;
  }

  /** Throws `storage-unavailable`, and nothing is done, when its turn does not come in time. */
  call(call: C): Promise<R> {
    const answer = Promise.withResolvers<R>();
    const timer = setTimeout(() => this.#giveUp(waiting), this.#waitMs);
    const waiting: Waiting<C, R> = { call, answer, timer };
    this.#waiting.push(waiting);
    if (!this.#isWorking) void this.#work();
    return answer.promise;
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    while (this.#waiting.length > 0) {
      // Those who were answered just now may ask again at once.
      await new Promise(resolve => process.nextTick(resolve));
      await this.#answer(this.#takeBatch());
    }
    this.#isWorking = false;
  }

  #giveUp(late: Waiting<C, R>): void {
    this.#waiting = this.#waiting.filter(waiting => waiting !== late);
    late.answer.reject(unavailable());
  }

  #takeBatch(): Waiting<C, R>[] {
    const batch = new Map<string, Waiting<C, R>>();
    this.#waiting = this.#waiting.filter(waiting => {
      const subject = this.#subject(waiting.call);
      if (batch.size === largestBatch || batch.has(subject)) return true;
      clearTimeout(waiting.timer);
      batch.set(subject, waiting);
      return false;
    });
    return [...batch.values()];
  }

  /** When one of them can't be done, the others must not suffer: then each is done alone. */
  async #answer(batch: readonly Waiting<C, R>[]): Promise<void> {
    try {
      const results = await this.#run(batch.map(({ call }) => call));
      for (const [index, { answer }] of batch.entries()) answer.resolve(results[index] as R);
    } catch (error) {
      const isOfAll = batch.length === 1 || TintypeError.from(error).code === 'storage-unavailable';
      if (isOfAll) for (const { answer } of batch) answer.reject(error);
      else await Promise.all(batch.map(waiting => this.#answer([waiting])));
    }
  }
}
