import type { IncomingMessage } from 'node:http';
import type { FastifyReply } from 'fastify';
import { TintypeError } from '../errors/tintype-error.ts';
import type { HttpApp } from './http-parts.ts';

/** Averaged over the window. */
const leastBytesPerSecond = 1024;
/** With the second until the next look: who is slower is told within 30 s. */
const defaultWindowSeconds = 29;
const lookEveryMs = 1000;

interface ArrivingBody {
  readonly raw: IncomingMessage;
  readonly reply: FastifyReply;
  /** For how long we have waited for the client in all. */
  waitedMs: number;
  /** What had come over the connection by when, in order; not more than the window. */
  readonly looks: Look[];
}

interface Look {
  readonly waitedMs: number;
  readonly bytesRead: number;
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
      const { bytesRead } = raw.socket;
      const body = { raw, reply, waitedMs: 0, looks: [{ waitedMs: 0, bytesRead }] };
      arriving.add(body);
      raw.once('close', () => arriving.delete(body));
    }
    done();
  });
  let lookedAt = performance.now();
  const timer = setInterval(() => {
    // While this process is blocked nothing is read, and that is not the client's fault.
    const passedMs = Math.min(performance.now() - lookedAt, 2 * lookEveryMs);
    lookedAt = performance.now();
    for (const body of arriving) {
      if (!isTooSlow(body, passedMs, windowSeconds)) continue;
      arriving.delete(body);
      giveUp(body);
    }
  }, lookEveryMs).unref();
  app.addHook('onClose', (_app, done) => {
    clearInterval(timer);
    done();
  });
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function isTooSlow(body: ArrivingBody, passedMs: number, windowSeconds: number): boolean {
  const { raw, looks } = body;
  // All of it came, or it waits for us to take it.
  if (raw.complete || raw.socket.isPaused()) return false;
  body.waitedMs += passedMs;
  const { bytesRead } = raw.socket;
  looks.push({ waitedMs: body.waitedMs, bytesRead });
  const [oldest] = looks;
  if (oldest === undefined || body.waitedMs - oldest.waitedMs < windowSeconds * 1000) return false;
  looks.shift();
  return bytesRead - oldest.bytesRead < leastBytesPerSecond * windowSeconds;
}

function giveUp({ raw, reply }: ArrivingBody): void {
  if (reply.sent) raw.socket.destroy();
  else reply.send(new TintypeError('too-slow', 'The body came at less than 1 KiB a second.'));
}
