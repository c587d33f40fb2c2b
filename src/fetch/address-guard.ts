import { promises as dns, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { TintypeError } from '../errors/tintype-error.ts';
import {
  type AddressRange,
  isInRange,
  isPublic,
  parseAddress,
  parseRange,
  reachable,
} from './address-ranges.ts';
import { isPortAllowed } from './allowed-ports.ts';

/** All addresses of a host name; rejects with `ENOTFOUND` where there is none. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

/**
 * Keeps requests that strangers name away from private and special addresses (SSRF). Every URL goes through
 * `checkUrl`, and every connection through the `connector`, which connects to the very addresses it has checked, so
 * that a name can't resolve to something else in between.
 */
export class AddressGuard {
  readonly #allowsAll: boolean;
  readonly #ranges: readonly AddressRange[];
  readonly #resolve: Resolve;

  /**
   * @param allowPrivate private addresses that may be reached after all: true for every one, or CIDR ranges. Ranges
   *   that are none throw `invalid-request`.
   * @param resolve by default the system's resolver, `/etc/hosts` included
   */
  constructor(allowPrivate: boolean | readonly string[], resolve: Resolve = askSystem) {
    this.#allowsAll = allowPrivate === true;
    this.#ranges = typeof allowPrivate === 'boolean' ? [] : allowPrivate.map(readRange);
    this.#resolve = resolve;
  }

  /** Whether an address may be connected to, with every IPv4 address that it may stand for. */
  isAllowed(address: string): boolean {
    const parsed = parseAddress(address);
    if (!parsed) return false;
    if (this.#allowsAll) return true;
    return reachable(parsed).every(
      reached => isPublic(reached) || this.#ranges.some(range => isInRange(reached, range)),
    );
  }

  /** Throws `address-blocked` for what a URL alone gives away: its scheme, user info, port and literal address. */
  checkUrl(url: URL): void {
    const host = url.hostname;
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw blocked(`URLs of the scheme ${url.protocol} are not fetched, only http: and https:.`);
    }
    if (url.username !== '' || url.password !== '') {
      throw blocked(`The URL carries a user name or password for ${host}: those are never sent.`);
    }
    if (url.port !== '' && !isPortAllowed(Number(url.port))) {
      throw blocked(`Port ${url.port} of ${host} is not one for web servers.`);
    }
    const literal = host.replace(/^\[|\]$/g, '');
    if (isIP(literal) !== 0 && !this.isAllowed(literal)) throw blockedHost(host);
  }

  /**
   * For undici's `new Agent({ connect })`: connects to allowed addresses alone, else fails with `address-blocked`.
   * @param timeoutMs until the connection stands, its look-up and TLS included
   */
  connector(timeoutMs: number): buildConnector.connector {
    const connect = buildConnector({ lookup: this.#lookup, timeout: timeoutMs, allowH2: false });
    return (options, callback) => {
      // Node looks up no literal address, so that `#lookup` never sees it.
      if (isIP(options.hostname) === 0 || this.isAllowed(options.hostname)) {
        connect(options, callback);
      } else {
        process.nextTick(callback, blockedHost(options.hostname), null);
      }
    };
  }

  #lookup: LookupFunction = (hostname, options, callback) => {
    this.#allowedAddresses(hostname).then(
      addresses => {
        if (options.all) callback(null, [...addresses]);
        else callback(null, addresses[0]?.address ?? '', addresses[0]?.family);
      },
      (error: Error) => callback(error, ''),
    );
  };

  /** All or none: a name with one blocked address is not to be trusted with its others. */
  async #allowedAddresses(hostname: string): Promise<readonly LookupAddress[]> {
    const addresses = await this.#resolve(hostname);
    if (!addresses.every(({ address }) => this.isAllowed(address))) throw blockedHost(hostname);
    return addresses;
  }
}

function askSystem(hostname: string): Promise<LookupAddress[]> {
  return dns.lookup(hostname, { all: true });
}

function readRange(range: string): AddressRange {
  const parsed = parseRange(range);
  if (parsed) return parsed;
  throw new TintypeError(
    'invalid-request',
    `${range} is no address range: write it like 10.0.0.0/8 or fd00::/8.`,
  );
}

function blockedHost(host: string): TintypeError {
  return blocked(`${host} is at an address that may not be reached from here.`);
}

function blocked(message: string): TintypeError {
  return new TintypeError('address-blocked', message);
}
