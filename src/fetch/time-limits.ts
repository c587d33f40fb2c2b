import { TintypeError } from '../errors/tintype-error.ts';

/** Bytes a second that a server must send on average over `idleMs`, or count as idle. */
const leastRate = 1024;

/** Ends a download that stands still, crawls, or takes too long. */
export class TimeLimits {
  /** Aborted with `source-unavailable` when a limit is reached. */
  readonly signal: AbortSignal;
  readonly #idleTimer: NodeJS.Timeout;
  readonly #totalTimer: NodeJS.Timeout;
  readonly #leastBytes: number;
  #unrewarded = 0;

  constructor(idleMs: number, totalMs: number) {
    const controller = new AbortController();
    const end = (message: string) =>
      controller.abort(new TintypeError('source-unavailable', `The source’s server ${message}.`));
    this.signal = controller.signal;
    this.#leastBytes = Math.ceil((idleMs / 1000) * leastRate);
    this.#idleTimer = setTimeout(end, idleMs, 'sends nothing, or too slowly');
    this.#totalTimer = setTimeout(end, totalMs, 'takes too long');
  }

  /** The server has answered. */
  answered(): void {
    this.#unrewarded = 0;
    this.#idleTimer.refresh();
  }

  /** Bytes came in; only as many as the least rate asks for buy new time. */
  received(bytes: number): void {
    this.#unrewarded += bytes;
    if (this.#unrewarded >= this.#leastBytes) this.answered();
  }

  stop(): void {
    clearTimeout(this.#idleTimer);
    clearTimeout(this.#totalTimer);
  }
}
