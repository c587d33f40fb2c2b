import type { ImageHeader } from '../image-header.ts';
import { EndOfHeader, type HeaderBytes } from './header-bytes.ts';

const signatures = ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'];

/** Bytes of one value of the unsigned integer types BYTE, SHORT, LONG and LONG8. */
const valueBytes: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4, 16: 8 };

export function isTiff(bytes: HeaderBytes): boolean {
  return signatures.some(signature => bytes.has(0, signature));
}

/** The first directory of a TIFF 6.0 or BigTIFF file. It may stand anywhere, so often only a renderer can look. */
export function readTiff(bytes: HeaderBytes): ImageHeader {
  const tag = readDirectory(bytes);
  const width = tag(256);
  const height = tag(257);
  if (width === undefined || height === undefined) throw new EndOfHeader();
  return {
    format: 'tiff',
    width,
    height,
    pages: 1,
    // A palette becomes three channels.
    channels: tag(262) === 3 ? 3 : (tag(277) ?? 1),
    bytesPerSample: Math.ceil((tag(258) ?? 1) / 8),
    interlaced: false,
  };
}

/** A function from the tag's number to its first value. */
function readDirectory(bytes: HeaderBytes): (tag: number) => number | undefined {
  const little = bytes.text(0, 1) === 'I';
  const big = bytes.u16(2, little) === 43;
  const start = big ? bytes.u64(8, little) : bytes.u32(4, little);
  const entries = big ? bytes.u64(start, little) : bytes.u16(start, little);
  const entryBytes = big ? 20 : 12;
  const first = start + (big ? 8 : 2);
  return tag => {
    for (let at = first; at < first + entries * entryBytes; at += entryBytes) {
      if (bytes.u16(at, little) === tag) return firstValue(bytes, at, little, big);
    }
    return undefined;
  };
}

function firstValue(bytes: HeaderBytes, entry: number, little: boolean, big: boolean): number | undefined {
  const size = valueBytes[bytes.u16(entry + 2, little)];
  if (size === undefined) return undefined;
  const count = big ? bytes.u64(entry + 4, little) : bytes.u32(entry + 4, little);
  const field = entry + (big ? 12 : 8);
  const inField = count * size <= (big ? 8 : 4);
  const at = inField ? field : big ? bytes.u64(field, little) : bytes.u32(field, little);
  if (size === 1) return bytes.u8(at);
  if (size === 2) return bytes.u16(at, little);
  return size === 4 ? bytes.u32(at, little) : bytes.u64(at, little);
}
