import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { compressionsAlgorithms, UserError } from '@platformatic/kafka';

/** Bytes of a decompressed batch: the client has no limit, and 8 kB can be 256 MiB. Producers make them of a mebibyte. */
const largestBatch = 64 * 2 ** 20;

type Compressed = Parameters<typeof compressionsAlgorithms.gzip.decompressSync>[0];

const { gzip, zstd, snappy, lz4 } = compressionsAlgorithms;
const unbounded = { snappy: snappy.decompressSync, lz4: lz4.decompressSync };

/** From now on the client's decompressors throw its `UserError`, which it does not try again, for a batch over 64 MiB. */
export function boundDecompression(): void {
  const maxOutputLength = largestBatch;
  bind(gzip, bytes => gunzipSync(bytes, { maxOutputLength }));
  bind(zstd, bytes => zstdDecompressSync(bytes, { maxOutputLength }));
  bind(snappy, bytes => unbounded.snappy(checked(bytes, snappyLength(bytes))));
  bind(lz4, bytes => unbounded.lz4(checked(bytes, lz4Length(bytes))));
}

function bind(algorithm: object, decompress: (bytes: Buffer) => Buffer): void {
  const decompressSync = (data: Compressed) => {
    try {
      return decompress(Buffer.isBuffer(data) ? data : data.buffer);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      const message = 'A batch of records is cut off, or larger than 64 MiB once it is decompressed.';
      throw new UserError(message, { cause: error, canRetry: false });
    }
  };
  Object.assign(algorithm, { decompressSync });
}

function checked(bytes: Buffer, length: number): Buffer {
  if (length > largestBatch) throw new RangeError(`${length} bytes`);
  return bytes;
}

const xerialMagic = Buffer.from('\x82SNAPPY\0', 'latin1');

/** As it says itself, at the start of each chunk: Java's producers write many, behind a head of 16 bytes. */
function snappyLength(bytes: Buffer): number {
  if (!bytes.subarray(0, xerialMagic.length).equals(xerialMagic)) return varint(bytes, 0);
  let length = 0;
  for (let at = 16; at < bytes.length; at += 4 + bytes.readUInt32BE(at)) length += varint(bytes, at + 4);
  return length;
}

function varint(bytes: Buffer, start: number): number {
  let value = 0;
  for (let at = start; at < start + 5; at += 1) {
    const byte = bytes.readUInt8(at);
    value += (byte & 0x7f) * 2 ** (7 * (at - start));
    if (byte < 0x80) break;
  }
  return value;
}

/** At most: each block of a frame as large as its head allows. https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md */
function lz4Length(bytes: Buffer): number {
  let length = 0;
  let at = 0;
  while (at < bytes.length) {
    if (bytes.readUInt32LE(at) !== 0x184d2204) throw new RangeError('no LZ4 frame');
    const flags = bytes.readUInt8(at + 4);
    const largestBlock = 2 ** (8 + 2 * ((bytes.readUInt8(at + 5) >> 4) & 0b111));
    at += 7 + (flags & 0b1000 ? 8 : 0) + (flags & 0b1 ? 4 : 0);
    for (let size = bytes.readUInt32LE(at); size !== 0; size = bytes.readUInt32LE(at)) {
      length += largestBlock;
      at += 4 + (size & 0x7fff_ffff) + (flags & 0b1_0000 ? 4 : 0);
    }
    at += 4 + (flags & 0b100 ? 4 : 0);
  }
  return length;
}
