import { addAbortListener } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { inTime } from '../errors/in-time.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import type { JobQueue } from '../jobs/job-queue.ts';
import { AwayLog } from '../telemetry/away-log.ts';
import type { Logger } from '../telemetry/logger.ts';
import { type Broker, longestBlockSeconds } from './broker.ts';

/** How long the broker may take, in milliseconds, before it counts as away. */
const limits = {
  check: 5_000,
  publish: 5_000,
  take: 1_000,
  wait: (longestBlockSeconds + 10) * 1000,
  close: 3_000,
};
/** Between two tries while it is away, in milliseconds: doubled from the first to the second. */
const retry = { first: 250, last: 5_000 };
/** Messages published in one go; rings that come meanwhile go together. */
const publishedAtOnce = 1_000;

/** A job queue on a broker that may go away at any time: then nothing rings, and workers find their work by looking. */
export class BrokerQueue implements JobQueue {
  readonly #broker: Broker;
  readonly #logger: Logger;
  readonly #awayLog: AwayLog;
  readonly #closing = new AbortController();
  readonly #waiting = new Set<(rung: boolean) => void>();
  #listening: Promise<void> | undefined;
  #publishing: Promise<void> | undefined;
  #unpublished = 0;
  /** Since the broker answered last. */
  #failures = 0;
  #retryAt = 0;
  #closed: Promise<void> | undefined;

  /** Throws `invalid-configuration` for what only a person can mend. A broker that is away is no reason not to start. */
  static async open(broker: Broker, logger: Logger): Promise<BrokerQueue> {
    const queue = new BrokerQueue(broker, logger);
    try {
      await inTime(limits.check, broker.check());
    } catch (error) {
      if (TintypeError.from(error).code === 'invalid-configuration') {
        await queue.close();
        throw error;
      }
      queue.#isAway(error);
    }
    return queue;
  }

  private constructor(broker: Broker, logger: Logger) {
    this.#broker = broker;
    this.#logger = logger;
    const away = 'the job queue is away; workers look for jobs every 5 s';
    this.#awayLog = new AwayLog(logger, away, `the job queue is back: ${broker.name} answers`);
  }

  ring(jobs = 1): void {
    if (this.#closing.signal.aborted) return;
    this.#unpublished += jobs;
    this.#publishing ??= this.#publish();
  }

  async take(most: number): Promise<void> {
    if (most <= 0 || performance.now() < this.#retryAt) return;
    const wasAway = this.#failures > 0;
    const taking = this.#ask(limits.take, () => this.#broker.take(most));
    // Whether it is back is found out beside the work.
    if (!wasAway) await taking;
  }

  async wait(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted || this.#closing.signal.aborted) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const answer = (rung: boolean) => {
      if (this.#waiting.delete(answer)) resolve(rung);
    };
    this.#waiting.add(answer);
    const timer = setTimeout(answer, timeoutMs, false);
    using _abort = addAbortListener(signal, () => answer(false));
    this.#listening ??= this.#listen();
    const rung = await promise;
    clearTimeout(timer);
    return rung;
  }

  async fault(): Promise<string | null> {
    try {
      await inTime(limits.check, this.#broker.check());
      return null;
    } catch (error) {
      const { code, message } = TintypeError.from(error);
      if (code === 'invalid-configuration') return message;
      return `${this.#broker.name} does not answer; workers look for jobs every 5 s.`;
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    this.#closing.abort();
    for (const answer of this.#waiting) answer(false);
    await this.#publishing;
    await this.#listening;
    await inTime(limits.close, this.#broker.close()).catch(error => {
      this.#logger.warn({ err: error }, 'the job queue could not be closed in an orderly way');
    });
  }

  async #publish(): Promise<void> {
    // Rings of one turn of the event loop go together.
    await Promise.resolve();
    while (this.#unpublished > 0 && !this.#isLost()) {
      const count = Math.min(this.#unpublished, publishedAtOnce);
      this.#unpublished -= count;
      await this.#ask(limits.publish, () => this.#broker.publish(count));
    }
    this.#publishing = undefined;
  }

  /** One wait at the broker stands for all waits here, and may outlast them. */
  async #listen(): Promise<void> {
    while (this.#waiting.size > 0) {
      const pauseMs = this.#retryAt - performance.now();
      if (pauseMs > 0) await sleep(pauseMs, undefined, this.#closing).catch(() => {});
      if (this.#closing.signal.aborted) break;
      const rung = await this.#ask(limits.wait, () => this.#broker.wait(), this.#closing.signal);
      if (!rung) continue;
      const [answer] = this.#waiting;
      if (answer !== undefined) answer(true);
      // Others may be waiting where this process is not any more.
      else this.ring();
    }
    this.#listening = undefined;
  }

  /** Undefined when it does not answer in time. Its late answer is dropped: what it took nobody waits for. */
  async #ask<T>(limitMs: number, question: () => Promise<T>, until?: AbortSignal): Promise<T | undefined> {
    try {
      const answer = await inTime(limitMs, question(), until);
      this.#isBack();
      return answer;
    } catch (error) {
      this.#isAway(error);
      return undefined;
    }
  }

  /** Whether this is the end, and the broker is not there to hear of it. */
  #isLost(): boolean {
    return this.#closing.signal.aborted && this.#failures > 0;
  }

  #isBack(): void {
    this.#awayLog.back();
    this.#failures = 0;
    this.#retryAt = 0;
  }

  #isAway(error: unknown): void {
    if (!this.#closing.signal.aborted) this.#awayLog.away(error);
    this.#retryAt = performance.now() + Math.min(retry.first * 2 ** this.#failures, retry.last);
    this.#failures += 1;
  }
}
