import { Agent, type Dispatcher } from 'undici';
import { TintypeError } from '../errors/tintype-error.ts';
import type { AddressGuard } from './address-guard.ts';
import { fetchFault, statusFault } from './fetch-fault.ts';
import { refuseTinyPieces } from './piece-sizes.ts';
import { saveBody } from './save-body.ts';
import { TimeLimits } from './time-limits.ts';

export interface DownloadLimits {
  readonly guard: AddressGuard;
  /** Bytes of the file, as sent and as decoded. */
  readonly maxBytes: number;
  /** Milliseconds for an answer, and for each 1 KiB a second of the body that goes with them. */
  readonly idleMs: number;
  /** Milliseconds for the whole, redirects included. */
  readonly totalMs: number;
}

/** From one URL to the next; more are held for a loop. */
const mostRedirects = 5;

const redirectStatuses = new Set([301, 302, 303, 307, 308]);

const requestHeaders = {
  accept: 'image/*,*/*;q=0.5',
  // Images are compressed already, and a length that is announced is then the length that comes.
  'accept-encoding': 'identity',
  'user-agent': 'Tintype',
};

/** Fetches files from URLs that strangers name. Keeps connections open until `close`. */
export class Downloader {
  readonly #limits: DownloadLimits;
  readonly #agent: Dispatcher;

  constructor(limits: DownloadLimits) {
    this.#limits = limits;
    this.#agent = new Agent({
      connect: limits.guard.connector(limits.idleMs),
      allowH2: false,
      // TimeLimits has both.
      headersTimeout: 0,
      bodyTimeout: 0,
    }).compose(refuseTinyPieces);
  }

  /**
   * Fetches a URL into a new file, which is removed again if that fails; it is not synced.
   * @param target must not exist
   * @param onProgress called with each piece that comes, if the server tells the length
   * Throws `invalid-request` (no URL), `address-blocked`, `source-not-found`, `source-refused`, `source-too-large`,
   * `source-unavailable`, `storage-unavailable`, or the signal's reason.
   */
  async download(
    url: string,
    target: string,
    signal: AbortSignal,
    onProgress?: (fraction: number) => void,
  ): Promise<{ bytes: number }> {
    const start = parseUrl(url);
    const time = new TimeLimits(this.#limits.idleMs, this.#limits.totalMs);
    const way: Way = { url: start, time, signal: AbortSignal.any([signal, time.signal]) };
    try {
      const { headers, body } = await this.#follow(way);
      const { maxBytes } = this.#limits;
      return { bytes: await saveBody(headers, body, { target, maxBytes, time, onProgress }) };
    } catch (error) {
      signal.throwIfAborted();
      throw fetchFault(time.signal.aborted ? time.signal.reason : error, way.url.host);
    } finally {
      time.stop();
    }
  }

  /** Breaks off what still runs. */
  close(): Promise<void> {
    return this.#agent.destroy();
  }

  /** Resolves to the answer with the file at the end of the redirects. */
  async #follow(way: Way): Promise<Dispatcher.ResponseData> {
    for (let redirects = 0; redirects <= mostRedirects; redirects++) {
      this.#limits.guard.checkUrl(way.url);
      const answer = await this.#agent.request({
        origin: way.url.origin,
        path: way.url.pathname + way.url.search,
        method: 'GET',
        headers: requestHeaders,
        signal: way.signal,
      });
      way.time.answered();
      if (answer.statusCode === 200) return answer;
      // Its connection goes too: reading on might take as long as the sender likes.
      answer.body.on('error', () => {}).destroy();
      if (!redirectStatuses.has(answer.statusCode)) throw statusFault(answer.statusCode, way.url.host);
      way.url = redirectTarget(way.url, answer.headers.location);
    }
    throw new TintypeError('source-refused', `The URL is redirected more than ${mostRedirects} times.`);
  }
}

/** One download on its way. */
interface Way {
  /** Where it has got to. */
  url: URL;
  readonly time: TimeLimits;
  readonly signal: AbortSignal;
}

function parseUrl(url: string): URL {
  if (URL.canParse(url)) return new URL(url);
  throw new TintypeError('invalid-request', 'The source’s URL is no URL.');
}

function redirectTarget(from: URL, location: string | string[] | undefined): URL {
  if (typeof location !== 'string' || !URL.canParse(location, from.href)) {
    throw new TintypeError('source-refused', `${from.host} redirects to nowhere.`);
  }
  const target = new URL(location, from);
  if (from.protocol === 'https:' && target.protocol === 'http:') {
    throw new TintypeError(
      'source-refused',
      `${from.host} redirects from https to http, which is not followed.`,
    );
  }
  return target;
}
