import type { ImageHeader } from '../image-header.ts';
import { EndOfHeader, type HeaderBytes } from './header-bytes.ts';

export function isWebp(bytes: HeaderBytes): boolean {
  return bytes.has(0, 'RIFF') && bytes.has(8, 'WEBP');
}

/** The first chunk says it all (RFC 9649, 2.5–2.7), but for the number of frames. */
export function readWebp(bytes: HeaderBytes): ImageHeader {
  const chunk = bytes.text(12, 4);
  if (chunk === 'VP8X') {
    const animated = (bytes.u8(20) & 2) !== 0;
    return header(bytes.u24(24, true) + 1, bytes.u24(27, true) + 1, 4, animated ? countFrames(bytes) : 1);
  }
  if (chunk === 'VP8L' && bytes.u8(20) === 0x2f) {
    const bits = bytes.u32(21, true);
    return header((bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1, 4, 1);
  }
  if (chunk === 'VP8 ' && bytes.u24(23) === 0x9d012a) {
    return header(bytes.u16(26, true) & 0x3fff, bytes.u16(28, true) & 0x3fff, 3, 1);
  }
  throw new EndOfHeader();
}

function header(width: number, height: number, channels: number, pages: number): ImageHeader {
  return { format: 'webp', width, height, pages, channels, bytesPerSample: 1, interlaced: false };
}

function countFrames(bytes: HeaderBytes): number {
  const end = 8 + bytes.u32(4, true);
  let frames = 0;
  for (let at = 12; at < end; ) {
    if (bytes.has(at, 'ANMF')) frames++;
    const size = bytes.u32(at + 4, true);
    at += 8 + size + (size & 1);
  }
  return Math.max(frames, 1);
}
