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
  const address = socket.remoteAddress ?? '';
  const isLoopback = address === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address);
  return isLoopback && !proxyHeaders.some(name => headers[name] !== undefined);
}
