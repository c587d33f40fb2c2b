import type { IncomingHttpHeaders } from 'node:http';
import { isIPv4 } from 'node:net';
import { TintypeError } from '../../errors/tintype-error.ts';

/**
 * Refuses what a web page on another site makes a browser send: without keys, being on this machine is all the
 * permission there is, and a browser on this machine has it. A foreign `Host` is DNS rebinding. Throws `foreign-origin`.
 */
export function refuseForeignOrigin(headers: IncomingHttpHeaders): void {
  const { host, origin } = headers;
  if (host === undefined || !isLoopbackHost(host)) {
    throw refusal('"Host" is not a loopback name. Call http://localhost or http://127.0.0.1');
  }
  if (origin !== undefined && !isOwnOrigin(origin, host)) throw refusal('"Origin" is another site');
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    throw refusal('"Sec-Fetch-Site" says that another site asks');
  }
}

function refusal(reason: string): TintypeError {
  return new TintypeError(
    'foreign-origin',
    `Refused because ${reason}. Without a key only programs on this machine are answered here.`,
  );
}

/** `localhost`, 127.0.0.0/8 or `[::1]`, with any port. */
function isLoopbackHost(host: string): boolean {
  const name = host.replace(/:\d{1,5}$/, '').toLowerCase();
  return name === 'localhost' || name === '[::1]' || (name.startsWith('127.') && isIPv4(name));
}

function isOwnOrigin(origin: string, host: string): boolean {
  return origin.toLowerCase() === `http://${host}`.toLowerCase();
}
