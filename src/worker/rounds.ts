import { logFault } from '../telemetry/log-fault.ts';
import type { Logger } from '../telemetry/logger.ts';

/**
 * Does something at once and then again and again, one round at a time; a round that fails is only logged, because
 * the next one does its work.
 */
export class Rounds {
  readonly #work: (signal: AbortSignal) => Promise<void>;
  readonly #everyMs: number;
  readonly #logger: Logger;
  readonly #failure: string;
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;

  /**
   * @param work ends soon when it is told to, with some of it done
   * @param failure what the log says of a round that failed
   */
  constructor(
    work: (signal: AbortSignal) => Promise<void>,
    everyMs: number,
    logger: Logger,
    failure: string,
  ) {
    this.#work = work;
    this.#everyMs = everyMs;
    this.#logger = logger;
    this.#failure = failure;
  }

  start(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#next(), this.#everyMs);
    this.#next();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopping.abort();
    await this.#round;
  }

  #next(): void {
    this.#round ??= this.#work(this.#stopping.signal)
      .catch(error => logFault(this.#logger, 'warn', error, this.#failure))
      .finally(() => {
        this.#round = undefined;
      });
  }
}
