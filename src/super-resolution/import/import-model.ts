import { createHash } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ModelCard } from '../model-card.ts';
import type { ModelName } from '../model-names.ts';
import { encodeModel } from '../onnx/model.ts';
import { idealoNetworks } from './idealo.ts';
import { readKerasWeights } from './keras-weights.ts';

/**
 * Makes the network of that name from idealo's Keras weights and puts it into the folder of imported ones, in place of
 * what was imported before. Throws `invalid-model`.
 */
export async function importModel(file: string, name: ModelName, folder: string): Promise<ModelCard> {
  const known = idealoNetworks[name];
  const weights = await readKerasWeights(file);
  const { network } = known.build(weights);
  const bytes = encodeModel(network);
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  const card: ModelCard = {
    name,
    scale: known.scale,
    source: 'imported',
    // A service may be running the one before.
    files: { float32: `${name}-x${known.scale}-${hash}.onnx` },
    architecture: known.architecture,
    parameters: [...weights.values()].reduce((sum, each) => sum + each.weights.length + each.bias.length, 0),
    padding: known.padding,
    bytesPerPixel: known.bytesPerPixel,
  };
  await mkdir(folder, { recursive: true });
  await writeWhole(path.join(folder, card.files.float32), bytes);
  await writeWhole(path.join(folder, `${name}-x${known.scale}.json`), `${JSON.stringify(card, null, 2)}\n`);
  return card;
}

/** Nobody sees half of it. */
async function writeWhole(file: string, content: Uint8Array | string): Promise<void> {
  await writeFile(`${file}.new`, content);
  await rename(`${file}.new`, file);
}
