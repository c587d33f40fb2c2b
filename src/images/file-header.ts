import { closeSync, openSync, readSync } from 'node:fs';
import { headerBytes, type ImageHeader, readHeader, readHeaderSoFar } from './image-header.ts';

const fewBytes = 4_096;

/**
 * The size of most images stands in the first few KiB. Synchronous: a trip to the thread pool and back costs ten times
 * what it takes to read a few KiB that are most likely in memory.
 */
export function readFileHeader(path: string): { start: Uint8Array; header: ImageHeader | undefined } {
  const file = openSync(path, 'r');
  try {
    const few = readStart(file, fewBytes);
    const header = few.length === fewBytes ? readHeaderSoFar(few) : readHeader(few);
    if (header || few.length < fewBytes) return { start: few, header };
    const all = readStart(file, headerBytes);
    return { start: all, header: readHeader(all) };
  } finally {
    closeSync(file);
  }
}

function readStart(file: number, bytes: number): Uint8Array {
  const start = Buffer.allocUnsafe(bytes);
  let length = 0;
  for (;;) {
    const read = readSync(file, start, length, bytes - length, length);
    length += read;
    if (read === 0 || length === bytes) return start.subarray(0, length);
  }
}
