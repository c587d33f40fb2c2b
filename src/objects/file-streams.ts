import { close, closeSync, createReadStream, fdatasync, fstatSync, open, read, writev } from 'node:fs';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import type { ByteRange } from '../jobs/object-store.ts';

// File descriptors, not FileHandles: each call costs less, and what need not wait for the thread pool can be called
// at once.
const openFile = promisify(open);
const readSome = promisify(read);
const writeChunks = promisify(writev);
const syncData = promisify(fdatasync);

/** Up to here a part is read at once: opening, reading and closing, where a stream has more steps than bytes. */
const wholeBytes = 65_536;
/** What may wait for a slow disk before the stream has to wait as well: of one stream, and of all together. */
const mostUnwrittenBytes = 262_144;
const mostUnwrittenInAll = 16_777_216;
let streams = 0;
/** What a stream reads at once, and holds for a slow reader. */
const streamBytes = 131_072;

/** Creates a file for writing; rejects where there is one. */
export function createFile(file: string): Promise<number> {
  return openFile(file, 'wx');
}

/**
 * Writes a stream to a new file, makes its bytes durable and closes it; resolves to how many they are. What arrives
 * while a write is under way goes out together with the next one.
 */
export async function writeStream(opened: number, body: Readable): Promise<number> {
  let bytes = 0;
  let written = 0;
  let arrived: Buffer[] = [];
  let writing: Promise<void> | undefined;
  const writeArrived = async () => {
    while (arrived.length > 0) {
      const chunks = arrived;
      arrived = [];
      written += await writeFully(opened, chunks);
    }
    writing = undefined;
  };
  streams += 1;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      arrived.push(chunk);
      if (writing === undefined) {
        writing = writeArrived();
        // It is awaited below, but the stream may make that wait for long.
        writing.catch(() => {});
      }
      if (bytes - written > Math.min(mostUnwrittenBytes, mostUnwrittenInAll / streams)) await writing;
    }
    await writing;
    await syncData(opened);
    return bytes;
  } finally {
    streams -= 1;
    await writing?.catch(() => {});
    // Not another trip to the thread pool: nothing waits to be written any more.
    closeSync(opened);
  }
}

/** Resolves to how many bytes that were. */
async function writeFully(opened: number, chunks: readonly Buffer[]): Promise<number> {
  let rest = chunks;
  let bytes = 0;
  while (rest.length > 0) {
    const { bytesWritten } = await writeChunks(opened, rest);
    let written = bytesWritten;
    bytes += bytesWritten;
    rest = rest.flatMap(chunk => {
      const part = chunk.subarray(Math.min(written, chunk.length));
      written -= chunk.length - part.length;
      return part.length > 0 ? [part] : [];
    });
  }
  return bytes;
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
