import type { FastifyRequest } from 'fastify';

/** What proxies add: the caller is somewhere else then, although the connection is from here. */
const proxyHeader = /^(forwarded|via|x-forwarded-.*|x-real-ip|.*client-ip|cf-.*)$/;

/**
 * Whether a program on this very machine asks, by the address of its connection: what headers say counts against it
 * alone. Proxies that add nothing, as nginx does where it is told nothing, speak HTTP/1.0, which nobody else does.
 */
export function isLoopbackCaller({ headers, raw, socket }: FastifyRequest): boolean {
  return (
    isLoopbackAddress(socket.remoteAddress ?? '') &&
    raw.httpVersion !== '1.0' &&
    !Object.keys(headers).some(name => proxyHeader.test(name))
  );
}

/** As the socket of a connection spells it; IPv4 may stand in IPv6. */
export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address);
}
