import { TintypeError } from '../../errors/tintype-error.ts';
import type { ImageHeader } from '../image-header.ts';
import { EndOfHeader, type HeaderBytes } from './header-bytes.ts';
import { heicRefusal } from './other-types.ts';

const hevcBrands = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs'];

/** Any ISO media file (ISO/IEC 14496-12): HEIC and videos are told apart when it is read. */
export function isAvif(bytes: HeaderBytes): boolean {
  return bytes.has(4, 'ftyp');
}

/** The size is the largest `ispe` of meta/iprp/ipco: a grid's own, not its tiles' (ISO/IEC 23008-12). */
export function readAvif(bytes: HeaderBytes): ImageHeader {
  refuseOtherBrands(bytes);
  const meta = findBox(bytes, 'meta', 0, bytes.length);
  const properties = findBox(bytes, 'iprp', meta.start + 4, meta.end);
  const container = findBox(bytes, 'ipco', properties.start, properties.end);
  let largest = { width: 0, height: 0 };
  let channels = 3;
  let deep = false;
  for (const box of boxes(bytes, container.start, container.end)) {
    if (box.type === 'ispe') {
      const size = { width: bytes.u32(box.start + 4), height: bytes.u32(box.start + 8) };
      if (size.width * size.height > largest.width * largest.height) largest = size;
    }
    if (box.type === 'auxC') channels = 4;
    if (box.type === 'av1C') deep ||= (bytes.u8(box.start + 2) & 0x40) !== 0;
  }
  if (largest.width === 0) throw new EndOfHeader();
  return { format: 'avif', ...largest, pages: 1, channels, bytesPerSample: deep ? 2 : 1, interlaced: false };
}

function refuseOtherBrands(bytes: HeaderBytes): void {
  const end = Math.min(bytes.u32(0), 256);
  const brands = [bytes.text(8, 4)];
  for (let at = 16; at + 4 <= end; at += 4) brands.push(bytes.text(at, 4));
  if (brands.includes('avif') || brands.includes('avis')) return;
  if (brands.some(brand => hevcBrands.includes(brand) || brand === 'mif1' || brand === 'msf1')) {
    throw heicRefusal();
  }
  throw new TintypeError(
    'unsupported-image',
    'This is a video or another media file, no image that is supported.',
  );
}

interface Box {
  readonly type: string;
  /** Of what is in it. */
  readonly start: number;
  readonly end: number;
}

function findBox(bytes: HeaderBytes, type: string, start: number, end: number): Box {
  for (const box of boxes(bytes, start, end)) if (box.type === type) return box;
  throw new EndOfHeader();
}

function* boxes(bytes: HeaderBytes, start: number, end: number): Generator<Box> {
  for (let at = start; at + 8 <= end; ) {
    const short = bytes.u32(at);
    const head = short === 1 ? 16 : 8;
    const size = short === 1 ? bytes.u64(at + 8) : short === 0 ? end - at : short;
    if (size < head) throw new EndOfHeader();
    yield { type: bytes.text(at + 4, 4), start: at + head, end: Math.min(at + size, end) };
    at += size;
  }
}
