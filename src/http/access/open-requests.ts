import type { ServerResponse } from 'node:http';
import { logFault } from '../../telemetry/log-fault.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { KeyCheck } from './key-check.ts';

const lookEveryMs = 1_000;

/** The requests that are being answered, by the keys they came with: a revoked key ends them. */
export class OpenRequests {
  readonly #check: KeyCheck;
  readonly #logger: Logger;
  readonly #byKey = new Map<string, Set<ServerResponse>>();
  readonly #timer: NodeJS.Timeout;

  constructor(check: KeyCheck, logger: Logger) {
    this.#check = check;
    this.#logger = logger;
    this.#timer = setInterval(() => void this.#look(), lookEveryMs);
    this.#timer.unref();
  }

  add(keyId: string, answer: ServerResponse): void {
    const open = this.#byKey.get(keyId) ?? new Set();
    this.#byKey.set(keyId, open.add(answer));
    answer.once('close', () => open.delete(answer));
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    for (const [keyId, open] of this.#byKey) {
      try {
        if (open.size === 0) this.#byKey.delete(keyId);
        else if (!(await this.#check.isValid(keyId))) for (const answer of open) answer.destroy();
      } catch (error) {
        logFault(this.#logger, 'warn', error, 'nobody can tell now whether keys were revoked');
      }
    }
  }
}
