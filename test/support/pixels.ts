import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { decodePng, type Pixels } from './png-decoder.ts';

/** How far pixels are from those expected, of 255; the colour of what is wholly transparent does not matter. */
export function difference(expected: Pixels, found: Pixels): { largest: number; mean: number } {
  let largest = 0;
  let sum = 0;
  for (let i = 0; i < expected.rgba.length; i++) {
    if (expected.rgba[i | 3] === 0 && (i & 3) !== 3) continue;
    const each = Math.abs((expected.rgba[i] ?? 0) - (found.rgba[i] ?? 0));
    largest = Math.max(largest, each);
    sum += each;
  }
  return { largest, mean: sum / expected.rgba.length };
}

/** As sharp decodes it, 300 pixels wide. */
export async function smallPixels(file: string): Promise<Pixels> {
  return decodePng(await sharp(file).resize(300).png().toBuffer());
}

/** As it looks: its profile applied. */
export async function firstPixel(file: string): Promise<number[]> {
  return [...(await sharp(file).removeAlpha().raw().toBuffer()).subarray(0, 3)];
}

/** As the file has it, whatever its profile means. */
export async function firstStoredPixel(file: string): Promise<number[]> {
  return [...decodePng(await readFile(file)).rgba.subarray(0, 3)];
}

export function assertNear(found: readonly number[], expected: readonly number[], tolerance: number): void {
  const close = expected.every((value, index) => Math.abs(value - (found[index] ?? Number.NaN)) <= tolerance);
  assert.ok(close, `${found} is not near ${expected}`);
}
