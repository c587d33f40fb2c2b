import type { ImageHeader } from '../image-header.ts';
import { EndOfHeader, type HeaderBytes } from './header-bytes.ts';

export function isJpeg(bytes: HeaderBytes): boolean {
  return bytes.has(0, '\xff\xd8\xff');
}

/** Walks the segments of ITU T.81 to the frame header. */
export function readJpeg(bytes: HeaderBytes): ImageHeader {
  let at = 2;
  for (;;) {
    // Like libjpeg: whatever stands before the next marker is skipped, and markers may be padded with 0xff.
    while (bytes.u8(at) !== 0xff) at++;
    while (bytes.u8(at) === 0xff) at++;
    const marker = bytes.u8(at++);
    if (isFrame(marker)) return readFrame(bytes, marker, at);
    // Scan or end before any frame header: only a decoder can say what is wrong.
    if (marker === 0xda || marker === 0xd9) throw new EndOfHeader();
    if (!standsAlone(marker)) at += Math.max(bytes.u16(at), 2);
  }
}

function readFrame(bytes: HeaderBytes, marker: number, at: number): ImageHeader {
  const height = bytes.u16(at + 3);
  // The number of lines may follow the first scan (DNL).
  if (height === 0) throw new EndOfHeader();
  return {
    format: 'jpeg',
    width: bytes.u16(at + 5),
    height,
    pages: 1,
    channels: bytes.u8(at + 7),
    bytesPerSample: bytes.u8(at + 2) > 8 ? 2 : 1,
    interlaced: (marker & 3) === 2,
  };
}

/** SOF0 to SOF15 without DHT, JPG and DAC. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** Stuffing, TEM, RSTn and SOI have no length. */
function standsAlone(marker: number): boolean {
  return marker === 0 || marker === 1 || (marker >= 0xd0 && marker <= 0xd8);
}
