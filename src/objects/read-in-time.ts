import { Readable } from 'node:stream';
import { TintypeError } from '../errors/tintype-error.ts';

/**
 * The same bytes; fails with `storage-unavailable` when they break off, or when none come for `idleMs` while somebody
 * waits for them. The time in which nobody takes them does not count.
 */
export function readInTime(body: Readable, idleMs: number): Readable {
  const inTime = Readable.from(chunksInTime(body, idleMs), { objectMode: false });
  // At once, also where the generator waits for a chunk or was never begun.
  inTime.once('close', () => body.destroy());
  return inTime;
}

async function* chunksInTime(body: Readable, idleMs: number): AsyncGenerator<Buffer> {
  const late = () => body.destroy(new Error(`No bytes came for ${idleMs} ms.`));
  let timer = setTimeout(late, idleMs);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      clearTimeout(timer);
      yield chunk;
      timer = setTimeout(late, idleMs);
    }
  } catch (cause) {
    throw new TintypeError('storage-unavailable', 'The object store broke off an object.', { cause });
  } finally {
    clearTimeout(timer);
  }
}
