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
  /** It certainly has no EXIF orientation: looking for one takes the decoder longer than a small output. */
  readonly upright?: true;
}

/** How much of a file the header reader may see. */
export const headerBytes = 262_144;

interface FormatReader {
  readonly matches: (bytes: HeaderBytes) => boolean;
  readonly read: (bytes: HeaderBytes) => ImageHeader;
}

/** In the order in which they are tried. */
const readers: Readonly<Record<SourceFormat, FormatReader>> = {
  jpeg: { matches: isJpeg, read: readJpeg },
  png: { matches: isPng, read: readPng },
  gif: { matches: isGif, read: readGif },
  webp: { matches: isWebp, read: readWebp },
  avif: { matches: isAvif, read: readAvif },
  tiff: { matches: isTiff, read: readTiff },
  svg: { matches: isSvg, read: readSvg },
};

/**
 * Reads what kind of image a file is and how large, from its first bytes (`headerBytes` at most are looked at).
 * The content decides, never the name. Undefined: a type we take, but these bytes don't tell the size or the number
 * of frames; a renderer must look.
 * Throws `empty-upload`, `not-an-image`, `unsupported-image` or `corrupt-image`, and nothing else.
 */
export function readHeader(start: Uint8Array): ImageHeader | undefined {
  const bytes = bounded(start);
  try {
    return checked(readers[formatOf(bytes)].read(bytes));
  } catch (error) {
    if (error instanceof EndOfHeader) return undefined;
    throw error;
  }
}

/**
 * The same of the first part of a file that goes on: undefined also while it may still turn out to be an image, as an
 * SVG after a long comment does.
 */
export function readHeaderSoFar(start: Uint8Array): ImageHeader | undefined {
  try {
    return readHeader(start);
  } catch (error) {
    if (error instanceof TintypeError && error.code === 'not-an-image') return undefined;
    throw error;
  }
}

/** The kind of image alone. Throws `empty-upload`, `not-an-image` or `unsupported-image`. */
export function readFormat(start: Uint8Array): SourceFormat {
  return formatOf(bounded(start));
}

function bounded(start: Uint8Array): HeaderBytes {
  if (start.length === 0) throw new TintypeError('empty-upload', 'The file is empty.');
  return new HeaderBytes(start.subarray(0, headerBytes));
}

function formatOf(bytes: HeaderBytes): SourceFormat {
  const formats = Object.keys(readers) as SourceFormat[];
  return formats.find(format => readers[format].matches(bytes)) ?? refuseOtherType(bytes);
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
