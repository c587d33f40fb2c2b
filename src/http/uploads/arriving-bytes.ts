import { IncomingMessage } from 'node:http';
import { TintypeError } from '../../errors/tintype-error.ts';
import { freeMemory } from './free-memory.ts';
import { awaitBytes, begin, hold, stopAwaiting } from './reading-gate.ts';

const events = ['readable', 'end', 'close', 'error'] as const;

/**
 * A request's body, chunk by chunk, until it ends or the signal is aborted. A chunk is lent: asking for the next one
 * gives its memory back. Unlike the body's own iterator it leaves the connection alone when it stops, so that the
 * request can still be answered, and reads nothing ahead: who stops early has a connection that stands still.
 * Throws the signal's reason, or `invalid-request` when the connection is cut.
 */
export async function* arrivingBytes(body: IncomingMessage, signal?: AbortSignal): AsyncGenerator<Buffer> {
  // An error without a listener ends the process, also once nobody reads any more.
  body.on('error', () => {});
  begin(body);
  // Taking a chunk would set the connection to go on.
  body._read = () => {};
  const arrival = new Arrival(body, signal);
  try {
    for (;;) {
      signal?.throwIfAborted();
      // Makes the end known.
      if (body.readableLength === 0) body.read(0);
      if (body.readableEnded) return;
      if (body.destroyed) throw cut(body.errored);
      const chunk: Buffer | null = body.read();
      if (chunk === null) await arrival.next();
      else yield* lent(chunk);
    }
  } finally {
    arrival.stop();
    body._read = IncomingMessage.prototype._read;
    // What comes next on the connection is no part of the upload.
    if (body.complete) body.socket.resume();
  }
}

/** Whatever may happen to a body. */
class Arrival {
  readonly #body: IncomingMessage;
  readonly #signal: AbortSignal | undefined;
  #happened = () => {};
  readonly #listener = () => this.#happened();

  constructor(body: IncomingMessage, signal: AbortSignal | undefined) {
    this.#body = body;
    this.#signal = signal;
    for (const event of events) body.on(event, this.#listener);
    signal?.addEventListener('abort', this.#listener);
  }

  async next(): Promise<void> {
    const { socket } = this.#body;
    awaitBytes(socket);
    await new Promise<void>(resolve => {
      this.#happened = resolve;
    });
    stopAwaiting(socket);
  }

  stop(): void {
    for (const event of events) this.#body.off(event, this.#listener);
    this.#signal?.removeEventListener('abort', this.#listener);
  }
}

function* lent(chunk: Buffer): Generator<Buffer> {
  const { length } = chunk;
  hold(length);
  try {
    yield chunk;
  } finally {
    freeMemory(chunk);
    hold(-length);
  }
}

function cut(cause: Error | null): TintypeError {
  const message = 'The connection was cut before the body was complete.';
  return new TintypeError('invalid-request', message, { cause });
}
