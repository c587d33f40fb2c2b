import type { IncomingMessage } from 'node:http';
import { TintypeError } from '../../errors/tintype-error.ts';

/**
 * Refuses requests of which a proxy and we might read different hosts (RFC 9112, sections 3.2 and 3.2.2): with two
 * headers "Host", none in HTTP/1.1, or a whole URL as the target that names another. Throws `invalid-request`.
 */
export function refuseUnclearHost({ rawHeaders, headers, httpVersion, url = '' }: IncomingMessage): void {
  const names = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
  if (names.length > 1) throw refusal('There is more than one header "Host".');
  const { host } = headers;
  if (host === undefined && httpVersion !== '1.0') throw refusal('The header "Host" is missing.');
  const target = /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1];
  if (target !== undefined && target.toLowerCase() !== host?.toLowerCase()) {
    throw refusal('The request is for another host than its header "Host" names.');
  }
}

function refusal(message: string): TintypeError {
  return new TintypeError('invalid-request', message);
}
