import { Agent } from 'undici';
import { TintypeError } from '../errors/tintype-error.ts';
import type { AddressGuard } from './address-guard.ts';
import { fetchFault } from './fetch-fault.ts';

/** Of an answer's body, so that its connection can be used again; a longer one closes it. */
const readBytes = 4_096;

export interface PostAnswer {
  readonly status: number;
  /** As it was sent. */
  readonly retryAfter?: string;
}

/** Posts to URLs that strangers name, and follows no redirect. Keeps connections open until `close`. */
export class Poster {
  readonly #guard: AddressGuard;
  readonly #totalMs: number;
  readonly #agent: Agent;

  /** @param totalMs for one request, from its start until the end of its answer. */
  constructor(guard: AddressGuard, totalMs: number) {
    this.#guard = guard;
    this.#totalMs = totalMs;
    this.#agent = new Agent({
      connect: guard.connector(totalMs),
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /**
   * Resolves to whatever answer there is. Throws `address-blocked`, `source-unavailable` or `source-refused` where
   * there is none, or the signal's reason.
   */
  async post(
    url: string,
    headers: Readonly<Record<string, string>>,
    body: string,
    signal: AbortSignal,
  ): Promise<PostAnswer> {
    const { host, origin, pathname, search } = this.#checked(url);
    const inTime = AbortSignal.timeout(this.#totalMs);
    try {
      const answer = await this.#agent.request({
        origin,
        path: pathname + search,
        method: 'POST',
        headers: { 'user-agent': 'Tintype', ...headers },
        body,
        signal: AbortSignal.any([signal, inTime]),
      });
      // Its status is all that counts, however its body ends.
      await answer.body.dump({ limit: readBytes }).catch(() => undefined);
      const retryAfter = answer.headers['retry-after'];
      return { status: answer.statusCode, ...(typeof retryAfter === 'string' && { retryAfter }) };
    } catch (error) {
      signal.throwIfAborted();
      if (inTime.aborted) {
        throw new TintypeError(
          'source-unavailable',
          `${host} did not answer within ${this.#totalMs / 1000} s.`,
        );
      }
      throw fetchFault(error, host);
    }
  }

  /** Breaks off what still runs. */
  close(): Promise<void> {
    return this.#agent.destroy();
  }

  #checked(text: string): URL {
    const url = URL.parse(text);
    if (url === null) throw new TintypeError('invalid-request', 'The URL is no URL.');
    this.#guard.checkUrl(url);
    return url;
  }
}
