import { TintypeError } from '../errors/tintype-error.ts';
import { isAvif, readAvif } from './headers/avif.ts';
import { isGif, readGif } from './headers/gif.ts';
import { EndOfHeader, HeaderBytes } from './headers/header-bytes.ts';
import { isJpeg, readJpeg } from './headers/jpeg.ts';
import { refuseOtherType } from './headers/other-types.ts';
import { isPng, readPng } from './headers/png.ts';
import { isSvg, readSvg } from './headers/svg.ts';
import { isTiff, readTiff } from './headers/tiff.ts';
import { isWebp, readWebp } from './headers/webp.ts';

/** The image types that are taken in. */
export type SourceFormat = 'jpeg' | 'png' | 'webp' | 'avif' | 'gif' | 'tiff' | 'svg';

/** What an image says of itself before anything is decoded. */
export interface ImageHeader {
  readonly format: SourceFormat;
  /** Pixels, as stored: before the EXIF orientation turns it. */
  readonly width: number;
  /** Of one frame. */
  readonly height: number;
  /** Frames of an animation; 1 for everything else, whatever further pages a TIFF has: they are never read. */
  readonly pages: number;
  readonly channels: number;
  readonly bytesPerSample: number;
  /** Decoding needs the whole image at once: progressive JPEG, Adam7 PNG. */
  readonly interlaced: boolean;
}

/** How much of a file the header reader may see. */
export const headerBytes = 262_144;

type HeaderReader = (bytes: HeaderBytes) => ImageHeader;

const readers: readonly (readonly [(bytes: HeaderBytes) => boolean, HeaderReader])[] = [
  [isJpeg, readJpeg],
  [isPng, readPng],
  [isGif, readGif],
  [isWebp, readWebp],
  [isAvif, readAvif],
  [isTiff, readTiff],
  [isSvg, readSvg],
];

/**
 * Reads what kind of image a file is and how large, from its first bytes (`headerBytes` at most are looked at).
 * The content decides, never the name. Undefined: a type we take, but these bytes don't tell the size or the number
 * of frames; a renderer must look.
 * Throws `empty-upload`, `not-an-image`, `unsupported-image` or `corrupt-image`, and nothing else.
 */
export function readHeader(start: Uint8Array): ImageHeader | undefined {
  if (start.length === 0) throw new TintypeError('empty-upload', 'The file is empty.');
  const bytes = new HeaderBytes(start.subarray(0, headerBytes));
  const read = readers.find(([matches]) => matches(bytes))?.[1];
  if (!read) return refuseOtherType(bytes);
  try {
    return checked(read(bytes));
  } catch (error) {
    if (error instanceof EndOfHeader) return undefined;
    throw error;
  }
}

function checked(header: ImageHeader): ImageHeader {
  if (header.width < 1 || header.height < 1) {
    throw new TintypeError(
      'corrupt-image',
      `The image says that it is ${header.width}×${header.height} pixels.`,
    );
  }
  return header;
}
