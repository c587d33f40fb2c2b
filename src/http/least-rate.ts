import type { IncomingMessage } from 'node:http';
import type { FastifyReply } from 'fastify';
import { TintypeError } from '../errors/tintype-error.ts';
import type { HttpApp } from './http-parts.ts';

/** Averaged over the window. */
const leastBytesPerSecond = 1024;
const defaultWindowSeconds = 30;

interface ArrivingBody {
  readonly raw: IncomingMessage;
  readonly reply: FastifyReply;
  /** What had come over the connection, second by second, the newest last; not more than the window. */
  readonly seconds: number[];
}

/**
 * Gives up on bodies, of whatever kind, that come at less than 1 KiB a second: 408 and an end where the answer has not
 * begun, else an end. Time counts only while we wait for the client, and there is no limit on the whole: a large
 * file over a slow line may take its hours.
 */
export function refuseSlowBodies(app: HttpApp, windowSeconds = defaultWindowSeconds): void {
  const arriving = new Set<ArrivingBody>();
  app.addHook('onRequest', (request, reply, done) => {
    const { raw } = request;
    if (hasBody(raw)) {
      const body = { raw, reply, seconds: [raw.socket.bytesRead] };
      arriving.add(body);
      raw.once('close', () => arriving.delete(body));
    }
    done();
  });
  // Seconds of this process: while it is blocked it reads nothing, and that is not the client's fault.
  const timer = setInterval(() => {
    for (const body of arriving) {
      if (!isTooSlow(body, windowSeconds)) continue;
      arriving.delete(body);
      giveUp(body);
    }
  }, 1000).unref();
  app.addHook('onClose', (_app, done) => {
    clearInterval(timer);
    done();
  });
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function isTooSlow({ raw, seconds }: ArrivingBody, windowSeconds: number): boolean {
  const { bytesRead } = raw.socket;
  // All of it came, or it waits for us to take it.
  if (raw.complete || raw.readableLength > 0) seconds.length = 0;
  seconds.push(bytesRead);
  if (seconds.length <= windowSeconds) return false;
  const before = seconds.shift() ?? bytesRead;
  return bytesRead - before < leastBytesPerSecond * windowSeconds;
}

function giveUp({ raw, reply }: ArrivingBody): void {
  if (reply.sent) raw.socket.destroy();
  else reply.send(new TintypeError('too-slow', 'The body came at less than 1 KiB a second.'));
}
