import { readFile } from 'node:fs/promises';
import sharp, { type Sharp, type SharpOptions } from 'sharp';
import type { ImageHeader } from './image-header.ts';

/** A header may be a little wrong about its size: some GIFs have frames larger than their screen. */
const pixelsAlwaysTaken = 4_000_000;

/**
 * `error` and not sharp's stricter `warning`: truncated data and broken checksums fail, a harmless oddity does not.
 * The pixel limit is set by who opens: limits were checked on the header, and no decoder may find more than it said.
 */
const options = { failOn: 'error', sequentialRead: true } as const satisfies SharpOptions;

/** `ignoreIcc`: the samples stay what they are, whatever the profile says of their colours. */
type OpenOptions = Pick<SharpOptions, 'ignoreIcc'>;

/**
 * Opens an image file, never an SVG: as a path that would draw its neighbours too. `false` is no limit, for pixels that
 * we made.
 */
export function openFile(
  path: string,
  frames: number,
  limitInputPixels: number | false,
  more: OpenOptions = {},
): Sharp {
  return sharp(path, { ...options, ...more, limitInputPixels, pages: frames === 1 ? 1 : -1 });
}

/** Opens the source of a job: `frames` of it, no larger than its header said (an SVG: than `maxPixels`). */
export async function openSource(
  path: string,
  header: ImageHeader,
  frames: number,
  maxPixels: number,
  more: OpenOptions = {},
): Promise<Sharp> {
  if (header.format === 'svg')
    return sharp(await readFile(path), { ...options, ...more, limitInputPixels: maxPixels });
  const pixels = header.width * header.height * frames;
  return openFile(path, frames, Math.max(pixels, pixelsAlwaysTaken), more);
}
