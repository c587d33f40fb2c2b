import type { IncomingMessage } from 'node:http';
import { TintypeError } from '../../errors/tintype-error.ts';

const events = ['readable', 'end', 'close', 'error'] as const;

/**
 * A request's body, chunk by chunk, until it ends or the signal is aborted. Unlike the body's own iterator it leaves the
 * connection alone when it stops, so that the request can still be answered.
 * Throws the signal's reason, or `invalid-request` when the connection is cut.
 */
export async function* arrivingBytes(body: IncomingMessage, signal: AbortSignal): AsyncGenerator<Buffer> {
  for (;;) {
    signal.throwIfAborted();
    const chunk: Buffer | null = body.read();
    if (chunk !== null) yield chunk;
    else if (body.readableEnded) return;
    else if (body.destroyed) throw cut(body.errored);
    else await next(body, signal);
  }
}

function next(body: IncomingMessage, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = () => {
    for (const event of events) body.off(event, wake);
    signal.removeEventListener('abort', wake);
    resolve();
  };
  for (const event of events) body.on(event, wake);
  signal.addEventListener('abort', wake);
  return promise;
}

function cut(cause: Error | null): TintypeError {
  const message = 'The connection was cut before the body was complete.';
  return new TintypeError('invalid-request', message, { cause });
}
