import path from 'node:path';
import { importModel } from '../../src/super-resolution/import/import-model.ts';
import type { ModelNetwork } from '../../src/super-resolution/model-library.ts';
import { rdnLayers, writeKerasFile } from '../../test/support/keras-file.ts';

/** idealo's psnr-small with random weights, imported: what it costs does not depend on what it learnt. */
export async function randomPsnrSmall(folder: string): Promise<ModelNetwork> {
  const weights = path.join(folder, 'weights.hdf5');
  await writeKerasFile(weights, rdnLayers());
  const { card, file } = await importModel(weights, 'psnr-small', folder);
  return { card, file, precision: 'float32' };
}
