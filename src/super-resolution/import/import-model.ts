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
import { int8Variant } from '../quantize/int8-variant.ts';
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
  /** How much lower the PSNR is with 8-bit weights, in dB; above `mostInt8Loss` they are not kept. */
  readonly int8Loss: number;
}

/** Of values from 0 to 1. Rounding to float32 makes 6e-6 in the largest network. */
const mostDifference = 1e-4;
/** In dB. */
export const mostInt8Loss = 0.2;

/**
 * Makes the network of that name from idealo's Keras weights and puts it into the folder of imported ones, in place of
 * what was imported before. Throws `invalid-model`, also where the network made is not the one drawn, and
 * `storage-unavailable`.
 */
export async function importModel(file: string, name: ModelName, folder: string): Promise<ImportedModel> {
  const weights = await readKerasWeights(file);
  const { network, quantizable, original } = idealoNetworks[name].build(weights);
  const bytes = encodeModel(network);
  const exact = cardOf(name, weights, createHash('sha256').update(bytes).digest('hex'));
  const float32 = path.join(folder, exact.files.float32);
  try {
    makeFolder(folder);
    await writeFile(`${float32}.new`, bytes);
    const difference = await checkedDifference(`${float32}.new`, original, exact);
    const { bytes: int8, loss } = await int8Variant(quantizable.network, quantizable.layers, exact.scale);
    const card = loss <= mostInt8Loss ? withInt8(exact) : exact;
    // Nobody sees half of a file, and the card comes when all else is there.
    await rename(`${float32}.new`, float32);
    if (card.files.int8 !== undefined) await replaceFile(path.join(folder, card.files.int8), int8);
    const cardFile = path.join(folder, `${name}-x${card.scale}.json`);
    await replaceFile(cardFile, `${JSON.stringify(card, null, 2)}\n`);
    return { card, layers: weights.size, file: float32, largestDifference: difference, int8Loss: loss };
  } catch (error) {
    await rm(`${float32}.new`, { force: true }).catch(() => {});
    throw asOwnStorageFault(error);
  }
}

async function replaceFile(file: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${file}.new`, content);
  await rename(`${file}.new`, file);
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

function withInt8(card: ModelCard): ModelCard {
  const { float32 } = card.files;
  return { ...card, files: { float32, int8: float32.replace(/\.onnx$/, '.int8.onnx') } };
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
