import { isSecretOf, keyParts } from '../../jobs/api-key.ts';
import type { ApiKey, KeyStore } from '../../jobs/key-store.ts';
import { logFault } from '../../telemetry/log-fault.ts';
import type { Logger } from '../../telemetry/logger.ts';

/** How long a key may still work after it was revoked by another process. */
const freshMs = 1_000;
/** Keys that are remembered; a caller with another one waits for the job store. */
const mostRemembered = 10_000;
/** How often the time of the last use is written at most; the job store has the last word. */
const noteUseMs = 60_000;

interface Remembered {
  readonly key: ReturnType<KeyStore['find']>;
  readonly since: number;
}

/** Tells whose a key is. It asks the job store once a second and key, however many requests come. */
export class KeyCheck {
  readonly #keys: KeyStore;
  readonly #logger: Logger;
  readonly #remembered = new Map<string, Remembered>();
  readonly #notedAt = new Map<string, number>();

  constructor(keys: KeyStore, logger: Logger) {
    this.#keys = keys;
    this.#logger = logger;
  }

  /**
   * The key of that text, or undefined if there is none or it was revoked; what was revoked within the last second
   * may still be taken.
   * Throws `storage-unavailable` when nobody can tell.
   */
  async check(text: string): Promise<ApiKey | undefined> {
    const parts = keyParts(text);
    if (parts === undefined) return undefined;
    const key = await this.#find(parts.id);
    // Compared in any case, so that the time tells no more of an id than that it was asked for lately.
    const isRight = isSecretOf(parts.secret, key?.secretHash);
    if (key === undefined || !isRight || key.revokedAt !== undefined) return undefined;
    this.#noteUse(key);
    return key;
  }

  /** Whether a key that was right at the beginning of a request still is. */
  async isValid(id: string): Promise<boolean> {
    const key = await this.#find(id);
    return key !== undefined && key.revokedAt === undefined;
  }

  #find(id: string): ReturnType<KeyStore['find']> {
    const now = performance.now();
    const known = this.#remembered.get(id);
    if (known !== undefined && now - known.since < freshMs) return known.key;
    const key = this.#keys.find(id);
    // Behind the others, so that the ones that nobody uses go first.
    this.#remembered.delete(id);
    this.#remembered.set(id, { key, since: now });
    key.catch(() => this.#remembered.delete(id));
    const [oldest] = this.#remembered.keys();
    if (oldest !== undefined && this.#remembered.size > mostRemembered) this.#remembered.delete(oldest);
    return key;
  }

  /** Nobody waits for it. */
  #noteUse({ id }: ApiKey): void {
    const now = performance.now();
    if (now - (this.#notedAt.get(id) ?? Number.NEGATIVE_INFINITY) < noteUseMs) return;
    this.#notedAt.set(id, now);
    this.#keys.used(id).catch(error => {
      logFault(this.#logger, 'warn', error, 'the use of a key could not be noted', { key: id });
    });
  }
}
