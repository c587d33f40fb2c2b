import { Network } from '../network.ts';
import type { Planes } from '../onnx/reference.ts';

/**
 * The largest difference between what ONNX Runtime makes of `image` with a network's file, and what the reference made
 * of it: planes as the file has them, or the large image itself. `Infinity` where one of them is no number. Throws what
 * ONNX Runtime throws.
 */
export async function largestDifference(file: string, image: Planes, reference: Planes): Promise<number> {
  await using network = await Network.load(file, { threads: 1, executionProviders: ['cpu'] });
  const { height, width } = image;
  const small = await network.enlarge(Float32Array.from(image.values), 1, height, width);
  const made = reference.height === height ? small : shuffled(small, image, reference.height / height);
  if (made.length !== reference.values.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (const [index, value] of reference.values.entries()) {
    const difference = Math.abs(value - (made[index] ?? Number.NaN));
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
    largest = Math.max(largest, difference);
  }
  return largest;
}

/** The phases of each large pixel → the large image. */
function shuffled(small: Float32Array, { height, width }: Planes, scale: number): Float32Array {
  const large = new Float32Array(small.length);
  let to = 0;
  for (let colour = 0; colour < 3; colour++) {
    for (let y = 0; y < height * scale; y++) {
      for (let x = 0; x < width * scale; x++) {
        const phase = colour * scale ** 2 + (y % scale) * scale + (x % scale);
        const from = (phase * height + Math.floor(y / scale)) * width + Math.floor(x / scale);
        large[to++] = small[from] ?? 0;
      }
    }
  }
  return large;
}
