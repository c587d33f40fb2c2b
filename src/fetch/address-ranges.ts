import { isIP } from 'node:net';
import ipaddr, { type IPv4, type IPv6 } from 'ipaddr.js';

export type Address = IPv4 | IPv6;
export type AddressRange = readonly [Address, number];

/** An address as `isIP` knows it; undefined for every other spelling. */
export function parseAddress(address: string): Address | undefined {
  return isIP(address) === 0 ? undefined : ipaddr.parse(address);
}

/** A range such as `10.0.0.0/8` or `fd00::/8`; undefined if it is none. */
export function parseRange(range: string): AddressRange | undefined {
  const [address = '', bits = '', ...more] = range.split('/');
  const parsed = parseAddress(address);
  if (!parsed || more.length > 0 || !/^\d{1,3}$/.test(bits)) return undefined;
  const longest = parsed.kind() === 'ipv4' ? 32 : 128;
  return Number(bits) <= longest ? [parsed, Number(bits)] : undefined;
}

export function isInRange(address: Address, [base, bits]: AddressRange): boolean {
  return address.kind() === base.kind() && address.match(base, bits);
}

/**
 * Whether the whole internet can have this address: none of IANA's special-purpose addresses, for IPv6 one of 2000::/3,
 * and not that of a cloud's own platform.
 */
export function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast' || isInRange(address, azurePlatform)) return false;
  return address.kind() === 'ipv4' || isInRange(address, globalUnicast);
}

/**
 * Every address that a connection to this one may reach: itself, and the IPv4 addresses that gateways and tunnels
 * read out of an IPv6 address. A network's own NAT64 prefix can't be known here, and is not read.
 */
export function reachable(address: Address): Address[] {
  if (isIPv4(address)) return [address];
  const bytes = address.toByteArray();
  const hides = (range: AddressRange) => isInRange(address, range);
  // These are nothing but another spelling of the IPv4 address.
  if (hides(mapped) || hides(nat64)) return [inside(bytes, 12)];
  if (hides(sixToFour)) return [address, inside(bytes, 2)];
  if (hides(teredo)) return [address, inside(bytes, 4), inside(bytes.map(invert), 12)];
  const isCompatible = hides(compatible) && !hides(ownOfV6);
  if (isCompatible || hides(localNat64) || isIsatap(address.parts)) return [address, inside(bytes, 12)];
  return [address];
}

/** Within Azure the wire server, which gives out machines' configuration, answers at this public address. */
const azurePlatform: AddressRange = [ipaddr.parse('168.63.129.16'), 32];
const globalUnicast = v6('2000::', 3);
/** RFC 4291, 2.5.5.2. */
const mapped = v6('::ffff:0:0', 96);
/** RFC 4291, 2.5.5.1, deprecated. */
const compatible = v6('::', 96);
/** `::`, `::1` and their neighbours, which stand for no IPv4 address. */
const ownOfV6 = v6('::', 112);
/** RFC 6052: how hosts with IPv6 alone reach IPv4. */
const nat64 = v6('64:ff9b::', 96);
/** RFC 8215: NAT64 for private use, so its addresses are never public. */
const localNat64 = v6('64:ff9b:1::', 48);
/** RFC 3056: the IPv4 address follows the first 16 bits. */
const sixToFour = v6('2002::', 16);
/** RFC 4380: the server's IPv4 address follows, the client's ends the address with its bits inverted. */
const teredo = v6('2001::', 32);

/** RFC 5214, 6.1: an interface identifier 0000:5efe or 0200:5efe, then the IPv4 address; the group bit is ignored. */
function isIsatap(parts: readonly number[]): boolean {
  return ((parts[4] ?? 0) & 0xfcff) === 0 && parts[5] === 0x5efe;
}

function isIPv4(address: Address): address is IPv4 {
  return address.kind() === 'ipv4';
}

function inside(bytes: readonly number[], start: number): Address {
  return ipaddr.fromByteArray(bytes.slice(start, start + 4));
}

function invert(byte: number): number {
  return byte ^ 0xff;
}

function v6(address: string, bits: number): AddressRange {
  return [ipaddr.parse(address), bits];
}
