import { createHash } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { asOwnStorageFault } from '../../errors/storage-fault.ts';
import { TintypeError } from '../../errors/tintype-error.ts';
import { makeFolder } from '../../program/make-folder.ts';
import type { ModelCard } from '../model-card.ts';
import type { ModelName } from '../model-names.ts';
import { encodeModel, type OnnxModel } from '../onnx/model.ts';
import { evaluate } from '../onnx/reference.ts';
import { largestDifference } from '../verify/largest-difference.ts';
import { sampleImage } from '../verify/sample-image.ts';
import { idealoNetworks } from './idealo.ts';
import { type KerasWeights, readKerasWeights } from './keras-weights.ts';

export interface ImportedModel {
  readonly card: ModelCard;
  /** Convolutions that were read. */
  readonly layers: number;
  /** The ONNX file. */
  readonly file: string;
  /** From the network as it was drawn, of values from 0 to 1. */
  readonly largestDifference: number;
}

/** Of values from 0 to 1. Rounding to float32 makes 6e-6 in the largest network. */
const mostDifference = 1e-4;

/**
 * Makes the network of that name from idealo's Keras weights and puts it into the folder of imported ones, in place of
 * what was imported before. Throws `invalid-model`, also where the network made is not the one drawn, and
 * `storage-unavailable`.
 */
export async function importModel(file: string, name: ModelName, folder: string): Promise<ImportedModel> {
  const weights = await readKerasWeights(file);
  const { network, original } = idealoNetworks[name].build(weights);
  const bytes = encodeModel(network);
  const card = cardOf(name, weights, createHash('sha256').update(bytes).digest('hex'));
  const target = path.join(folder, card.files.float32);
  try {
    makeFolder(folder);
    await writeFile(`${target}.new`, bytes);
    const difference = await checkedDifference(`${target}.new`, original, card);
    // Nobody sees half of it, and the card comes when all else is there.
    await rename(`${target}.new`, target);
    const cardFile = path.join(folder, `${name}-x${card.scale}.json`);
    await writeFile(`${cardFile}.new`, `${JSON.stringify(card, null, 2)}\n`);
    await rename(`${cardFile}.new`, cardFile);
    return { card, layers: weights.size, file: target, largestDifference: difference };
  } catch (error) {
    await rm(`${target}.new`, { force: true }).catch(() => {});
    throw asOwnStorageFault(error);
  }
}

function cardOf(name: ModelName, weights: KerasWeights, sha256: string): ModelCard {
  const { scale, architecture, padding, bytesPerPixel } = idealoNetworks[name];
  return {
    name,
    scale,
    source: 'imported',
    // A service may be running the one before.
    files: { float32: `${name}-x${scale}-${sha256.slice(0, 12)}.onnx` },
    architecture,
    parameters: [...weights.values()].reduce((sum, each) => sum + each.weights.length + each.bias.length, 0),
    padding,
    bytesPerPixel,
  };
}

async function checkedDifference(file: string, original: OnnxModel, card: ModelCard): Promise<number> {
  const image = sampleImage(card.parameters);
  const difference = await largestDifference(file, image, evaluate(original, image));
  if (difference <= mostDifference) return difference;
  throw new TintypeError(
    'invalid-model',
    `What was made of the weights differs by ${difference.toPrecision(2)} from the network as it was drawn (of values from 0 to 1; ` +
      `${mostDifference} may be). It is not stored.`,
  );
}
