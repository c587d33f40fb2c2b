import type { FastifyRequest } from 'fastify';

/** What proxies add: the caller is somewhere else then, although the connection is from here. */
const proxyHeaders = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
];

/** Whether a program on this very machine asks, by the address of its connection: what headers say counts against it alone. */
export function isLoopbackCaller({ headers, socket }: FastifyRequest): boolean {
  return (
    isLoopbackAddress(socket.remoteAddress ?? '') && !proxyHeaders.some(name => headers[name] !== undefined)
  );
}

/** As the socket of a connection spells it; IPv4 may stand in IPv6. */
export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address);
}
