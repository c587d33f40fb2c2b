import type { Samples } from './pixel-file.ts';
import type { PixelFormat } from './planes.ts';
import type { Tile } from './tiles.ts';

/** Samples on each side that Keys' cubic looks at. */
const reach = 2;
const taps = 2 * reach + 1;

/**
 * Fills in the alpha of the enlarged pixels of a tile's inner part by cubic interpolation (Keys, a = −0.5): a network
 * would make an opaque photo a little transparent. `small` are the pixels of the outer part.
 */
export function enlargeAlpha(
  small: Samples,
  { inner, outer }: Tile,
  scale: number,
  { bands, white }: PixelFormat,
  enlarged: Samples,
): void {
  const shares = Float64Array.from({ length: scale * taps }, (_, index) =>
    share(Math.floor(index / taps), index % taps, scale),
  );
  const line = new Float64Array(outer.width);
  const width = inner.width * scale;
  for (let y = 0; y < inner.height * scale; y++) {
    line.fill(0);
    for (let tap = 0; tap < taps; tap++) {
      const row = within(Math.floor(y / scale) + inner.top - outer.top + tap - reach, outer.height);
      const weight = shares[(y % scale) * taps + tap] ?? 0;
      for (let x = 0; x < outer.width; x++) {
        line[x] = (line[x] ?? 0) + weight * (small[(row * outer.width + x + 1) * bands - 1] ?? 0);
      }
    }
    for (let x = 0; x < width; x++) {
      let alpha = 0;
      for (let tap = 0; tap < taps; tap++) {
        const column = within(Math.floor(x / scale) + inner.left - outer.left + tap - reach, outer.width);
        alpha += (shares[(x % scale) * taps + tap] ?? 0) * (line[column] ?? 0);
      }
      enlarged[(y * width + x + 1) * bands - 1] = Math.round(Math.min(Math.max(alpha, 0), white));
    }
  }
}

function within(index: number, length: number): number {
  return Math.min(Math.max(index, 0), length - 1);
}

/** What a neighbour counts for in the phase-th of `scale` new samples within the middle one. */
function share(phase: number, tap: number, scale: number): number {
  return keys(Math.abs((phase + 0.5) / scale - 0.5 - (tap - reach)));
}

/** R. G. Keys, "Cubic convolution interpolation for digital image processing", 1981. */
function keys(distance: number): number {
  if (distance <= 1) return 1.5 * distance ** 3 - 2.5 * distance ** 2 + 1;
  if (distance < 2) return -0.5 * distance ** 3 + 2.5 * distance ** 2 - 4 * distance + 2;
  return 0;
}
