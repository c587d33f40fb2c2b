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

/** Opens an image file, never an SVG: as a path that would draw its neighbours too. */
export function openFile(path: string, frames: number, limitInputPixels: number): Sharp {
  return sharp(path, { ...options, limitInputPixels, pages: frames === 1 ? 1 : -1 });
}

/** Opens the source of a job: `frames` of it, no larger than its header said (an SVG: than `maxPixels`). */
export async function openSource(
  path: string,
  header: ImageHeader,
  frames: number,
  maxPixels: number,
): Promise<Sharp> {
  if (header.format === 'svg')
    return sharp(await readFile(path), { ...options, limitInputPixels: maxPixels });
  const pixels = header.width * header.height * frames;
  return openFile(path, frames, Math.max(pixels, pixelsAlwaysTaken));
}
