import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { craftedPng, gifOfFrames } from './crafted-images.ts';

/** Small files that say, or are, far more pixels than fit into memory. */
export async function giants(): Promise<Readonly<Record<string, Buffer>>> {
  const bytes = (...parts: (string | number[])[]) =>
    Buffer.concat(
      parts.map(part => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))),
    );
  return {
    // The start alone: interlaced, 16 bits deep, 1 GB to decode.
    'a PNG of 41 bytes': craftedPng({ width: 786_464, height: 32, depth: 16, colour: 6, interlace: 1 }),
    'a PNG of 4 thousand megapixels': craftedPng({ width: 65_535, height: 65_535 }),
    'a PNG of the largest sides': craftedPng({ width: 0x7fffffff, height: 0x7fffffff }),
    // Whole and good: made by sharp 0.35.5 from { width: 7000, height: 7000, background: 'red' }, quality 1; 918 MB to decode.
    'an AVIF of 7000×7000': await readFile(path.join(import.meta.dirname, '../fixtures/7000x7000.avif')),
    'a GIF of the largest sides': gifOfFrames(1, 65_535, 65_535),
    'a JPEG of the largest sides': bytes(
      '\xff\xd8\xff\xc2\x00\x11\x08\xff\xff\xff\xff\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01',
      '\xff\xda\x00\x0c\x03\x01\x00\x02\x11\x03\x11\x00\x3f\x00',
    ),
    'a WebP of the largest sides': bytes(
      'RIFF\x1e\0\0\0WEBPVP8L\x11\0\0\0\x2f\xff\xff\xff\x0f',
      Array(12).fill(0),
    ),
    'a TIFF of the largest sides': tiff(0xffff, 0xffff),
  };
}

/** One strip of 8-bit RGB, which is not there. */
function tiff(width: number, height: number): Buffer {
  const entries: [tag: number, value: number][] = [
    [256, width],
    [257, height],
    [258, 8],
    [259, 1],
    [262, 2],
    [273, 8],
    [277, 3],
    [278, height],
    [279, 100],
  ];
  const file = Buffer.alloc(8 + 2 + entries.length * 12 + 4);
  file.write('II*\0', 'latin1');
  file.writeUInt32LE(8, 4);
  file.writeUInt16LE(entries.length, 8);
  for (const [index, [tag, value]] of entries.entries()) {
    const at = 10 + index * 12;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(4, at + 2);
    file.writeUInt32LE(1, at + 4);
    file.writeUInt32LE(value, at + 8);
  }
  return file;
}
