import { crc32, deflateSync } from 'node:zlib';

/** The header of a PNG and these chunks; without chunks no more than the header: 41 bytes. */
export function craftedPng(
  { width, height, depth = 8, colour = 2, interlace = 0 }: CraftedHeader,
  ...chunks: Buffer[]
): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colour, 0, 0, interlace], 8);
  const end = chunks.length === 0 ? Buffer.alloc(8) : pngChunk('IEND', Buffer.alloc(0));
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), pngChunk('IHDR', header), ...chunks, end]);
}

export interface CraftedHeader {
  readonly width: number;
  readonly height: number;
  readonly depth?: number;
  readonly colour?: number;
  readonly interlace?: number;
}

export function pngChunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}

/** A colour profile with these compressed bytes. */
export function pngProfile(compressed: Buffer): Buffer {
  return pngChunk('iCCP', Buffer.concat([Buffer.from('p\0\0', 'latin1'), compressed]));
}

/** The data of one RGB pixel. */
export function onePixel(): Buffer {
  return pngChunk('IDAT', deflateSync(Buffer.alloc(4)));
}

/** A GIF whose frames are of one pixel each, on a larger screen. */
export function gifOfFrames(count: number, width: number, height: number): Buffer {
  const screen = Buffer.from('474946383961 0000 0000 800000 000000ffffff'.replaceAll(' ', ''), 'hex');
  screen.writeUInt16LE(width, 6);
  screen.writeUInt16LE(height, 8);
  const frame = Buffer.from('21f904000a0000002c0000000001000100000202440100', 'hex');
  return Buffer.concat([screen, ...Array<Buffer>(count).fill(frame), Buffer.from([0x3b])]);
}

/** The start of a HEIC photo as phones make them. */
export function heicStart(): Buffer {
  return Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1');
}

/** A drawing of 500×500. */
export function svg(content: string, attributes = ''): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="500" height="500" ${attributes}>${content}</svg>`;
}
