import type { IncomingHttpHeaders } from 'node:http';
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

/** RFC 9112, section 3.2: such a request means one thing to a proxy and another to us. Throws `invalid-request`. */
export function refuseTwoHosts(rawHeaders: readonly string[]): void {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  if (hosts > 1) throw new TintypeError('invalid-request', 'There is more than one header "Host".');
}

/** `localhost`, 127.0.0.0/8 or `[::1]`, with any port. */
function isLoopbackHost(host: string): boolean {
  const name = host.replace(/:\d{1,5}$/, '').toLowerCase();
  return name === 'localhost' || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name);
}

function isOwnOrigin(origin: string, host: string): boolean {
  return origin.toLowerCase() === `http://${host}`.toLowerCase();
}
