import sharp, { type Sharp } from 'sharp';

/**
 * A made-up photo: soft shapes with fine grain, the same for the same size, and as hard to compress as a real one
 * (about 0.23 bytes a pixel as JPEG of quality 80).
 */
export function photo(width: number, height: number): Sharp {
  const [columns, rows] = [36, 24];
  const shapes = noise(columns * rows * 3, 1);
  const grain = Buffer.from(noise(256 * 256 * 3, 2).map(value => 64 + (value >> 1)));
  return sharp(shapes, { raw: { width: columns, height: rows, channels: 3 } })
    .resize(width, height, { kernel: 'cubic', fit: 'fill' })
    .composite([
      { input: grain, raw: { width: 256, height: 256, channels: 3 }, tile: true, blend: 'soft-light' },
    ]);
}

/** Bytes of a linear congruential generator (Numerical Recipes' constants). */
function noise(length: number, seed: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let state = seed;
  for (let index = 0; index < length; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}
