import type { Planes } from '../onnx/reference.ts';

/** What the reference evaluation may take: some seconds. */
const mostMultiplications = 2e8;
const leastSide = 6;
const mostSide = 24;

/** An image of numbers that look random and are always the same, small enough for a network of so many parameters. */
export function sampleImage(parameters: number): Planes {
  const wanted = Math.floor(Math.sqrt(mostMultiplications / parameters));
  const height = Math.min(Math.max(wanted, leastSide), mostSide);
  // Not a square, so that nobody takes rows for columns.
  const width = height + 1;
  const values = Float64Array.from({ length: 3 * height * width }, (_, index) => ((index * 37) % 101) / 101);
  return { channels: 3, height, width, values };
}
