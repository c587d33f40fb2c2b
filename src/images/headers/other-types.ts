import { TintypeError } from '../../errors/tintype-error.ts';
import type { HeaderBytes } from './header-bytes.ts';

/** Types that people send and that are not taken: by name, so that they know what to convert. */
const otherTypes: readonly (readonly [name: string, matches: (bytes: HeaderBytes) => boolean])[] = [
  ['BMP', isBmp],
  ['JPEG XL', bytes => bytes.has(0, '\xff\x0a') || bytes.has(4, 'JXL ')],
  ['JPEG 2000', bytes => bytes.has(4, 'jP  ') || bytes.has(0, '\xff\x4f\xff\x51')],
  ['PSD', bytes => bytes.has(0, '8BPS')],
  ['PDF', bytes => bytes.has(0, '%PDF')],
  ['PostScript', bytes => bytes.has(0, '%!PS')],
  ['ICO', bytes => bytes.has(0, '\0\0\x01\0') && bytes.has(5, '\0')],
  ['OpenEXR', bytes => bytes.has(0, '\x76\x2f\x31\x01')],
  ['Radiance HDR', bytes => bytes.has(0, '#?RADIANCE')],
  ['raw camera', bytes => bytes.has(0, 'FUJIFILMCCD-RAW') || bytes.has(0, 'IIRO') || bytes.has(0, 'IIU\0')],
];

/** Throws `unsupported-image` for a known type, else `not-an-image`. */
export function refuseOtherType(bytes: HeaderBytes): never {
  const known = otherTypes.find(([, matches]) => matches(bytes));
  if (known) {
    throw new TintypeError(
      'unsupported-image',
      `${known[0]} files are not supported. Send JPEG, PNG, WebP, AVIF, GIF or TIFF.`,
    );
  }
  throw new TintypeError(
    'not-an-image',
    'The file is not an image. Send JPEG, PNG, WebP, AVIF, GIF or TIFF.',
  );
}

/** Header and decoder each find HEIC in files that look like AVIF. */
export function heicRefusal(): TintypeError {
  return new TintypeError(
    'unsupported-image',
    'HEIC images are not supported. Send JPEG, AVIF or PNG instead.',
  );
}

/** Two letters are little to go by, so the size of the second header must be one that exists. */
function isBmp(bytes: HeaderBytes): boolean {
  return (
    bytes.has(0, 'BM') &&
    bytes.length >= 18 &&
    [12, 16, 40, 52, 56, 64, 108, 124].includes(bytes.u32(14, true))
  );
}
