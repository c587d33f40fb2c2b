import { closeSync, ftruncateSync, openSync } from 'node:fs';
import { type PixelLayout, writeFully } from './pixel-file.ts';

/** TIFF 6.0: https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf */
const headerBytes = 8;
const fieldBytes = 12;
const types = { short: 3, long: 4, undefined: 7 } as const;
const bytesOf = { short: 2, long: 4, undefined: 1 } as const;

/** Readers hold a strip in memory. */
const linesPerStrip = 64;

interface Field {
  readonly tag: number;
  readonly type: keyof typeof types;
  readonly values: ArrayLike<number>;
}

/**
 * Makes an uncompressed TIFF whose pixels are black until they are written (`PixelFile`): a format that decoders read
 * line by line. `profile` is an ICC profile.
 */
export function createTiff(
  path: string,
  { width, height, bands, bytesPerSample }: Omit<PixelLayout, 'path' | 'offset'>,
  profile?: Uint8Array,
): PixelLayout {
  const lineBytes = width * bands * bytesPerSample;
  const strips = Math.ceil(height / linesPerStrip);
  const linesOf = (strip: number) => Math.min(linesPerStrip, height - strip * linesPerStrip);
  const alpha = bands % 2 === 0;
  const fieldsAt = headerBytes + lineBytes * height + ((lineBytes * height) % 2);
  const fields: Field[] = [
    { tag: 256, type: 'long', values: [width] },
    { tag: 257, type: 'long', values: [height] },
    { tag: 258, type: 'short', values: Array.from({ length: bands }, () => 8 * bytesPerSample) },
    { tag: 259, type: 'short', values: [1] },
    { tag: 262, type: 'short', values: [bands < 3 ? 1 : 2] },
    {
      tag: 273,
      type: 'long',
      values: Array.from({ length: strips }, (_, strip) => headerBytes + strip * linesPerStrip * lineBytes),
    },
    { tag: 277, type: 'short', values: [bands] },
    { tag: 278, type: 'long', values: [linesPerStrip] },
    {
      tag: 279,
      type: 'long',
      values: Array.from({ length: strips }, (_, strip) => linesOf(strip) * lineBytes),
    },
    ...(alpha ? [{ tag: 338, type: 'short', values: [2] } as const] : []),
    ...(profile ? [{ tag: 34_675, type: 'undefined', values: profile } as const] : []),
  ];
  const header = Buffer.alloc(headerBytes);
  header.write('II*\0', 'latin1');
  header.writeUInt32LE(fieldsAt, 4);
  const file = openSync(path, 'wx');
  try {
    ftruncateSync(file, fieldsAt);
    writeFully(file, header, 0);
    writeFully(file, directory(fields, fieldsAt), fieldsAt);
  } finally {
    closeSync(file);
  }
  return { path, offset: headerBytes, width, height, bands, bytesPerSample };
}

/** The fields, and behind them the values that do not fit into one. */
function directory(fields: readonly Field[], at: number): Buffer {
  const entries = Buffer.alloc(2 + fields.length * fieldBytes + 4);
  const long: Buffer[] = [];
  let longAt = at + entries.length;
  entries.writeUInt16LE(fields.length, 0);
  for (const [index, { tag, type, values }] of fields.entries()) {
    const entry = 2 + index * fieldBytes;
    const bytes = encode(type, values);
    entries.writeUInt16LE(tag, entry);
    entries.writeUInt16LE(types[type], entry + 2);
    entries.writeUInt32LE(values.length, entry + 4);
    if (bytes.length <= 4) bytes.copy(entries, entry + 8);
    else {
      entries.writeUInt32LE(longAt, entry + 8);
      long.push(bytes);
      longAt += bytes.length;
    }
  }
  return Buffer.concat([entries, ...long]);
}

/** Of an even length, because values begin at even offsets. */
function encode(type: Field['type'], values: ArrayLike<number>): Buffer {
  const bytes = Buffer.alloc(Math.ceil((values.length * bytesOf[type]) / 2) * 2);
  for (let index = 0; index < values.length; index++) {
    bytes.writeUIntLE(values[index] ?? 0, index * bytesOf[type], bytesOf[type]);
  }
  return bytes;
}
