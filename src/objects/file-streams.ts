import { close, closeSync, createReadStream, fdatasync, fstatSync, open, read, write } from 'node:fs';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import type { ByteRange } from '../jobs/object-store.ts';

// File descriptors, not FileHandles: each call costs less, and what need not wait for the thread pool can be called
// at once.
const openFile = promisify(open);
const readSome = promisify(read);
const writeSome = promisify(write);
const syncData = promisify(fdatasync);

/** Up to here a part is read at once: opening, reading and closing, where a stream has more steps than bytes. */
const wholeBytes = 65_536;
/** What a stream reads at once, and holds for a slow reader. */
const streamBytes = 131_072;

/** Creates a file for writing; rejects where there is one. */
export function createFile(file: string): Promise<number> {
  return openFile(file, 'wx');
}

/** Writes a stream to a new file, makes its bytes durable and closes it; resolves to how many they are. */
export async function writeStream(opened: number, body: AsyncIterable<Buffer>): Promise<number> {
  let bytes = 0;
  try {
    for await (const chunk of body) {
      for (let written = 0; written < chunk.length; ) {
        const { bytesWritten } = await writeSome(opened, chunk, written);
        written += bytesWritten;
      }
      bytes += chunk.length;
    }
    await syncData(opened);
    return bytes;
  } finally {
    // Not another trip to the thread pool: nothing waits to be written any more.
    closeSync(opened);
  }
}

/** The bytes of a file, all or a range; undefined where this is no file. Rejects with the system's fault. */
export async function readFileStream(file: string, range?: ByteRange): Promise<Readable | undefined> {
  const opened = await openFile(file, 'r');
  let streaming: Readable | undefined;
  try {
    // Not another trip to the thread pool: who has just opened a file has its facts.
    const facts = fstatSync(opened);
    if (!facts.isFile()) return undefined;
    const start = range?.start ?? 0;
    const end = Math.min(range?.end ?? Number.POSITIVE_INFINITY, facts.size - 1);
    if (end - start < wholeBytes)
      return Readable.from(await readPart(opened, start, end), { objectMode: false });
    streaming = createReadStream('', { fd: opened, start, end, highWaterMark: streamBytes });
    return streaming;
  } finally {
    // Nobody needs to wait for this: what was only read can't be lost by closing.
    if (streaming === undefined) close(opened, () => {});
  }
}

/** @param end the last byte, inclusive; before `start` where there is none */
async function readPart(opened: number, start: number, end: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(Math.max(0, end - start + 1));
  for (let filled = 0; filled < buffer.length; ) {
    const { bytesRead } = await readSome(opened, buffer, filled, buffer.length - filled, start + filled);
    // No store's object ever gets shorter; somebody else cut it.
    if (bytesRead === 0) throw new Error('The file became shorter while it was read.');
    filled += bytesRead;
  }
  return buffer;
}
