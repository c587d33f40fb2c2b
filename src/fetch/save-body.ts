import { type FileHandle, open, rm } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { asStorageFault } from '../errors/storage-fault.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import { decoderFor } from './content-decoding.ts';
import type { TimeLimits } from './time-limits.ts';

export interface Reception {
  /** The file to make. */
  readonly target: string;
  /** For the bytes as sent, and as decoded. */
  readonly maxBytes: number;
  readonly time: TimeLimits;
  readonly onProgress: ((fraction: number) => void) | undefined;
}

/** Writes a response's body, decoded, into a new file; resolves to its size. On a failure the file is removed. */
export async function saveBody(
  headers: IncomingHttpHeaders,
  body: Readable,
  reception: Reception,
): Promise<number> {
  try {
    const announced = Number(headers['content-length'] ?? Number.NaN);
    if (announced > reception.maxBytes) throw tooLarge(reception.maxBytes);
    const decoder = decoderFor(headers['content-encoding']);
    const file = await openNew(reception.target);
    try {
      const count = (sent: AsyncIterable<Buffer>) => counted(sent, announced, reception);
      const write = (decoded: AsyncIterable<Buffer>) => writeAll(decoded, file, reception.maxBytes);
      // The body is a stage of its own: a pipeline that fails destroys it, even while it has nothing to read.
      return await (decoder ? pipeline(body, count, decoder, write) : pipeline(body, count, write));
    } catch (error) {
      await rm(reception.target, { force: true });
      throw error;
    } finally {
      await file.close();
    }
  } finally {
    // A listener, as what is destroyed before its end fails once more.
    body.on('error', () => {}).destroy();
  }
}

/** The bytes as they were sent. */
async function* counted(
  sent: AsyncIterable<Buffer>,
  announced: number,
  { maxBytes, time, onProgress }: Reception,
) {
  let bytes = 0;
  for await (const chunk of sent) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    time.received(chunk.length);
    if (announced > 0) onProgress?.(bytes / announced);
    yield chunk;
  }
}

async function writeAll(decoded: AsyncIterable<Buffer>, file: FileHandle, maxBytes: number): Promise<number> {
  let bytes = 0;
  for await (const chunk of decoded) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    await file.writeFile(chunk).catch(error => {
      throw asStorageFault(error);
    });
  }
  return bytes;
}

async function openNew(target: string): Promise<FileHandle> {
  try {
    return await open(target, 'wx');
  } catch (error) {
    throw TintypeError.from(asStorageFault(error));
  }
}

function tooLarge(maxBytes: number): TintypeError {
  return new TintypeError(
    'source-too-large',
    `The source is larger than the ${maxBytes} bytes that are taken.`,
  );
}
