import type { ImageHeader } from '../image-header.ts';
import { EndOfHeader, type HeaderBytes } from './header-bytes.ts';

export function isGif(bytes: HeaderBytes): boolean {
  return bytes.has(0, 'GIF87a') || bytes.has(0, 'GIF89a');
}

/** The logical screen; the frames are counted, which needs the whole file (GIF89a specification, 17–26). */
export function readGif(bytes: HeaderBytes): ImageHeader {
  return {
    format: 'gif',
    width: bytes.u16(6, true),
    height: bytes.u16(8, true),
    pages: countFrames(bytes),
    channels: 4,
    bytesPerSample: 1,
    interlaced: false,
  };
}

function countFrames(bytes: HeaderBytes): number {
  let at = 13 + tableBytes(bytes.u8(10));
  let frames = 0;
  for (;;) {
    const kind = bytes.u8(at);
    if (kind === 0x3b) return Math.max(frames, 1);
    if (kind === 0x21) at = afterBlocks(bytes, at + 2);
    else if (kind === 0x2c) {
      frames++;
      at = afterBlocks(bytes, at + 11 + tableBytes(bytes.u8(at + 9)));
    } else throw new EndOfHeader();
  }
}

/** Size of a colour table, from the flags that announce it. */
function tableBytes(flags: number): number {
  return flags & 0x80 ? 3 << ((flags & 7) + 1) : 0;
}

function afterBlocks(bytes: HeaderBytes, start: number): number {
  let at = start;
  for (let size = bytes.u8(at); size !== 0; size = bytes.u8(at)) at += size + 1;
  return at + 1;
}
