import type { IncomingMessage } from 'node:http';
import { TintypeError } from '../../errors/tintype-error.ts';

const events = ['readable', 'end', 'close', 'error'] as const;
/** How many bodies may have a chunk, of up to 64 KiB, in hand at once: more are not written any faster. */
const mostAtOnce = 64;

let inHand = 0;
const waiting: (() => void)[] = [];

/**
 * A request's body, chunk by chunk, until it ends or the signal is aborted. Unlike the body's own iterator it leaves the
 * connection alone when it stops, so that the request can still be answered; and of a thousand slow bodies only some
 * have a chunk in hand, while the others wait in the system's buffers.
 * Throws the signal's reason, or `invalid-request` when the connection is cut.
 */
export async function* arrivingBytes(body: IncomingMessage, signal?: AbortSignal): AsyncGenerator<Buffer> {
  // An error without a listener ends the process, also once nobody reads any more.
  body.on('error', () => {});
  for (;;) {
    signal?.throwIfAborted();
    if (body.readableLength === 0) {
      // Asks the connection for more, or makes the end known.
      body.read(0);
      if (body.readableEnded) return;
      if (body.destroyed) throw cut(body.errored);
      if (body.readableLength === 0) await next(body, signal);
      continue;
    }
    if (inHand >= mostAtOnce) await new Promise<void>(resolve => waiting.push(resolve));
    else inHand += 1;
    try {
      const chunk: Buffer | null = body.read();
      if (chunk !== null) yield chunk;
    } finally {
      const successor = waiting.shift();
      if (successor) successor();
      else inHand -= 1;
    }
  }
}

function next(body: IncomingMessage, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = () => {
    for (const event of events) body.off(event, wake);
    signal?.removeEventListener('abort', wake);
    resolve();
  };
  for (const event of events) body.on(event, wake);
  signal?.addEventListener('abort', wake);
  return promise;
}

function cut(cause: Error | null): TintypeError {
  const message = 'The connection was cut before the body was complete.';
  return new TintypeError('invalid-request', message, { cause });
}
