import { shortReason } from '../errors/short-reason.ts';
import type { Logger } from './logger.ts';

/** Between two lines about the same outage, or about one that comes and goes. */
const everyMs = 60_000;

/** Tells once that something is away, again each minute while it is, and once that it is back. */
export class AwayLog {
  readonly #logger: Logger;
  readonly #away: string;
  readonly #back: string;
  #toldAt = Number.NEGATIVE_INFINITY;
  #isTold = false;
  #fault: string | null = null;

  /** The two lines. */
  constructor(logger: Logger, away: string, back: string) {
    this.#logger = logger;
    this.#away = away;
    this.#back = back;
  }

  /** Why it is away now, for people; null when it is not. */
  get fault(): string | null {
    return this.#fault;
  }

  /** To be called for each fault. */
  away(fault: unknown): void {
    this.#fault = shortReason(fault);
    if (performance.now() - this.#toldAt < everyMs) return;
    this.#toldAt = performance.now();
    this.#isTold = true;
    this.#logger.warn({ reason: this.#fault }, this.#away);
  }

  back(): void {
    this.#fault = null;
    if (this.#isTold) this.#logger.info(this.#back);
    this.#isTold = false;
  }
}
