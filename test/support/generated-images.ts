import sharp, { type Sharp } from 'sharp';
import { heicStart, svg } from './crafted-images.ts';
import { photo } from './photo.ts';

/** One good image of each kind that is read, and starts of some that are not: what a fuzzer begins with. */
export async function generatedImages(): Promise<Buffer[]> {
  const small = () => photo(320, 256);
  const kinds: Sharp[] = [
    small().jpeg(),
    small().jpeg({ progressive: true, chromaSubsampling: '4:4:4' }),
    small().toColourspace('cmyk').jpeg(),
    small().png(),
    small().png({ progressive: true }),
    small().png({ palette: true }),
    small().toColourspace('rgb16').png(),
    small().webp(),
    small().webp({ lossless: true }),
    small().ensureAlpha(0.5).webp(),
    small().avif({ effort: 0 }),
    small().ensureAlpha(0.5).avif({ effort: 0 }),
    small().gif(),
    small().tiff({ compression: 'jpeg' }),
    small().tiff({ compression: 'lzw', tile: true }),
    small().tiff({ compression: 'deflate', predictor: 'horizontal', pyramid: true, tile: true }),
    small().grayscale().tiff({ compression: 'lzw', bitdepth: 1 }),
    small()
      .withExif({ IFD0: { Copyright: 'someone' } })
      .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>')
      .jpeg(),
  ];
  const images = await Promise.all(kinds.map(image => image.toBuffer()));
  return [...images, ...(await animations()), drawing(), ...others()];
}

async function animations(): Promise<Buffer[]> {
  const frames = await Promise.all(
    ['red', 'lime', 'blue'].map(background =>
      sharp({ create: { width: 64, height: 48, channels: 3, background } })
        .png()
        .toBuffer(),
    ),
  );
  const animated = () => sharp(frames, { join: { animated: true } });
  return Promise.all([animated().gif().toBuffer(), animated().webp().toBuffer()]);
}

function drawing(): Buffer {
  return Buffer.from(
    svg(
      '<defs><linearGradient id="a"><stop stop-color="red"/><stop offset="1"/></linearGradient></defs>' +
        '<rect width="90%" height="90%" fill="url(#a)" filter="blur(2px)"/><text x="9" y="99">text</text>' +
        '<path d="M10 10 C 20 20, 40 20, 50 10 Z" stroke-dasharray="3 4" stroke="blue"/>',
    ),
  );
}

/** Types that are not read; damaged, they may look like one that is. */
function others(): Buffer[] {
  const bmp = Buffer.alloc(54 + 64 * 48 * 3, 0x7f);
  bmp.write('BM', 'latin1');
  bmp.writeUInt32LE(54, 10);
  bmp.writeUInt32LE(40, 14);
  bmp.writeInt32LE(64, 18);
  bmp.writeInt32LE(48, 22);
  bmp.writeUInt32LE(0x00180001, 26);
  const start = (text: string) => Buffer.concat([Buffer.from(text, 'latin1'), Buffer.alloc(500, 0x33)]);
  return [
    bmp,
    heicStart(),
    start('\0\0\x01\0\x01\0\x10\x10\0\0\x01\0\x20\0'),
    start('8BPS\0\x01\0\0\0\0\0\0\0\x03\0\0\0\x40\0\0\0\x40\0\x08\0\x03'),
    start('\xff\x0a\xfa\x7f\x01'),
    start('\0\0\0\x0cjP  \r\n\x87\n'),
    start('%PDF-1.7\n'),
  ];
}
