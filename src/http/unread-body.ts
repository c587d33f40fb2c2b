import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { codes } from '../errors/codes.ts';
import type { HttpApp } from './http-parts.ts';

/** How long a client that is still sending may take to notice the answer. */
const lingerMs = 2_000;

/**
 * Answers may come before the request's body was read: a refusal. A body whose announced length is at most `maxBytes`
 * is then read and dropped, and the connection stays usable. Any other is left unread and the connection is closed,
 * but not before the client could read the answer: closing a socket with unread bytes resets it, and a reset may
 * overtake the answer.
 */
export function settleUnreadBodies(app: HttpApp, maxBytes: number): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    const { raw } = request;
    if (raw.method === 'GET' || raw.method === 'HEAD' || raw.readableEnded) return done(null, payload);
    // Who was too slow for us to wait is not waited for now.
    if (reply.statusCode === codes['too-slow'].status) {
      reply.header('connection', 'close');
      return done(null, payload);
    }
    // Without either header there is no body (RFC 9112, section 6.3), even if Node has yet to say so.
    const isChunked = raw.headers['transfer-encoding'] !== undefined;
    const announced = isChunked ? Number.NaN : Number(raw.headers['content-length'] ?? 0);
    if (raw.complete || announced <= maxBytes) {
      raw.resume();
      // Who began to read the body may have left it standing still.
      raw.socket.resume();
      return done(null, payload);
    }
    const answer = Buffer.from(typeof payload === 'string' ? payload : '');
    void reply.header('connection', 'close').header('content-length', answer.length);
    done(null, lingering(answer, raw.socket));
  });
}

/**
 * The whole answer at once; the connection goes once the client has hung up or had its time. An orderly end would have
 * Node read on until then.
 */
function lingering(answer: Buffer, socket: Socket): Readable {
  const stream = new Readable({ read() {} });
  stream.push(answer);
  const end = () => socket.destroy();
  const timer = setTimeout(end, lingerMs);
  socket.once('end', end);
  stream.once('close', () => {
    clearTimeout(timer);
    socket.off('end', end);
  });
  return stream;
}
