import { TintypeError } from '../errors/tintype-error.ts';
import { AwayLog } from './away-log.ts';
import type { Logger } from './logger.ts';

const askEveryMs = 1_000;

/** Tells when an engine goes away, by what was asked of it, and when it is back, by asking. */
export class EngineWatch {
  readonly #ask: () => Promise<unknown>;
  readonly #log: AwayLog;
  #asking: NodeJS.Timeout | undefined;
  #isClosed = false;

  /**
   * @param name for the log
   * @param ask resolves when the engine answers
   */
  constructor(name: string, ask: () => Promise<unknown>, logger: Logger) {
    this.#ask = ask;
    this.#log = new AwayLog(logger, `${name} is away`, `${name} is back`);
  }

  /** The same engine, whose methods' faults are noted; those of its parts as well. */
  over<Engine extends object>(engine: Engine): Engine {
    return new Proxy(engine, {
      get: (target, name) => {
        const value = Reflect.get(target, name);
        if (typeof value === 'object' && value !== null) return this.over(value);
        if (typeof value !== 'function') return value;
        return (...parameters: unknown[]) => {
          const answer: unknown = Reflect.apply(value, target, parameters);
          if (answer instanceof Promise) answer.catch(error => this.#note(error));
          return answer;
        };
      },
    });
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#asking);
  }

  #note(error: unknown): void {
    if (this.#isClosed || TintypeError.from(error).code !== 'storage-unavailable') return;
    this.#log.away(error);
    this.#asking ??= setTimeout(() => void this.#askAgain(), askEveryMs).unref();
  }

  async #askAgain(): Promise<void> {
    try {
      await this.#ask();
      this.#asking = undefined;
      if (!this.#isClosed) this.#log.back();
    } catch (error) {
      this.#asking = undefined;
      this.#note(error);
    }
  }
}
