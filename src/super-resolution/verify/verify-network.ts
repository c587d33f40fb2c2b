import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ModelNetwork, Precision } from '../model-library.ts';
import { decodeModel } from '../onnx/model.ts';
import { evaluate } from '../onnx/reference.ts';
import { largestDifference } from './largest-difference.ts';
import { sampleImage } from './sample-image.ts';

/** In 8-bit levels. Rounding to float32 makes 0.0001 in a small network and 0.002 in idealo's largest. */
const mostLevels = 0.01;

export interface Verification {
  readonly precision: Precision;
  /** The largest difference from the reference evaluation, in 8-bit levels. */
  readonly levels: number;
  /** Always for weights that are rounded: how much they may differ is a matter of taste. */
  readonly isRight: boolean;
}

/**
 * Compares what ONNX Runtime makes of a small image with the reference evaluation of the float32 weights, one after
 * the other for each of the network's files. Throws an `Error` for a file that is missing or no network, and for a step
 * that the reference does not know.
 */
export async function* verifyNetwork({ card, file }: ModelNetwork): AsyncGenerator<Verification> {
  const folder = path.dirname(file);
  const image = sampleImage(card.parameters);
  const exact = decodeModel(await readFile(path.join(folder, card.files.float32)));
  const reference = evaluate(exact, image);
  for (const [precision, name] of Object.entries(card.files) as [Precision, string][]) {
    const levels = 255 * (await largestDifference(path.join(folder, name), image, reference));
    yield { precision, levels, isRight: precision === 'float32' ? levels <= mostLevels : levels < Infinity };
  }
}
