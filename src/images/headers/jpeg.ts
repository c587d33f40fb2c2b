import type { ImageHeader } from '../image-header.ts';
import { EndOfHeader, type HeaderBytes } from './header-bytes.ts';

export function isJpeg(bytes: HeaderBytes): boolean {
  return bytes.has(0, '\xff\xd8\xff');
}

/** Walks the segments of ITU T.81 to the frame header, and then to the first scan to see whether there is EXIF data. */
export function readJpeg(bytes: HeaderBytes): ImageHeader {
  let at = 2;
  let hasExif = false;
  for (;;) {
    const { marker, content } = nextSegment(bytes, at);
    if (isFrame(marker)) {
      const frame = readFrame(bytes, marker, content);
      return hasExif || mayHaveExif(bytes, content) ? frame : { ...frame, upright: true };
    }
    // Scan or end before any frame header: only a decoder can say what is wrong.
    if (isScanOrEnd(marker)) throw new EndOfHeader();
    hasExif ||= isExif(bytes, marker, content);
    at = endOfSegment(bytes, marker, content);
  }
}

/** Like libjpeg: whatever stands before the next marker is skipped, and markers may be padded with 0xff. */
function nextSegment(bytes: HeaderBytes, from: number): { marker: number; content: number } {
  let at = from;
  while (bytes.u8(at) !== 0xff) at++;
  while (bytes.u8(at) === 0xff) at++;
  return { marker: bytes.u8(at), content: at + 1 };
}

function endOfSegment(bytes: HeaderBytes, marker: number, content: number): number {
  return standsAlone(marker) ? content : content + Math.max(bytes.u16(content), 2);
}

/** Whether EXIF data stands between the frame header and the first scan, or the bytes don't tell. */
function mayHaveExif(bytes: HeaderBytes, frame: number): boolean {
  try {
    let at = endOfSegment(bytes, 0xc0, frame);
    for (;;) {
      const { marker, content } = nextSegment(bytes, at);
      if (isScanOrEnd(marker)) return false;
      if (isExif(bytes, marker, content)) return true;
      at = endOfSegment(bytes, marker, content);
    }
  } catch (error) {
    if (error instanceof EndOfHeader) return true;
    throw error;
  }
}

function isExif(bytes: HeaderBytes, marker: number, content: number): boolean {
  return marker === 0xe1 && bytes.has(content + 2, 'Exif');
}

function isScanOrEnd(marker: number): boolean {
  return marker === 0xda || marker === 0xd9;
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
