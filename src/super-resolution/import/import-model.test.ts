import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { type KerasLayer, rdnLayers, rrdnLayers, writeKerasFile } from '../../../test/support/keras-file.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { ModelLibrary } from '../model-library.ts';
import type { ModelName } from '../model-names.ts';
import { decodeModel } from '../onnx/model.ts';
import { evaluate, type Planes } from '../onnx/reference.ts';
import { largestDifference } from '../verify/largest-difference.ts';
import { idealoNetworks } from './idealo.ts';
import { importModel } from './import-model.ts';
import { readKerasWeights } from './keras-weights.ts';

describe('importModel', () => {
  const architectures: readonly [ModelName, KerasLayer[]][] = [
    ['psnr-small', rdnLayers()],
    [
      'psnr-small',
      rdnLayers().map(layer => (layer.name === 'SR' ? { ...layer, shape: [3, 3, 3, 3] } : layer)),
    ],
    ['gans', rrdnLayers()],
  ];
  for (const [name, layers] of architectures) {
    const variant = layers.at(-1)?.shape.join('×');
    it(`makes of ${name} (last layer ${variant}) what the network was drawn as, up to the borders`, async () => {
      await using folder = await temporaryFolder();
      const file = path.join(folder.path, 'weights.hdf5');
      await writeKerasFile(file, layers);
      const imported = await importModel(file, name, folder.path);
      assert.equal(imported.layers, layers.length);
      const image = randomImage(5, 6);
      const { original } = idealoNetworks[name].build(await readKerasWeights(file));
      const difference = await largestDifference(imported.file, image, evaluate(original, image));
      assert.ok(difference < 1e-5, `differs by ${difference}`);
    });
  }

  it('keeps weights in 8 bits beside them, which are run where they are preferred', async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, 'weights.hdf5');
    await writeKerasFile(file, rdnLayers());
    const { card, int8Loss } = await importModel(file, 'psnr-small', folder.path);
    assert.ok(int8Loss < 0.2, `${int8Loss} dB`);
    const library = new ModelLibrary({ importedFolder: folder.path, precision: 'int8' });
    const preferred = library.passes('psnr-small', 2)[0];
    assert.equal(preferred?.file, path.join(folder.path, card.files.int8 ?? ''));
    const bytes = (name = '') => statSync(path.join(folder.path, name)).size;
    assert.ok(bytes(card.files.int8) < 0.4 * bytes(card.files.float32));
  });

  it('finds layers that Keras named anew, and those of a network within a network', async () => {
    await using folder = await temporaryFolder();
    const [plain, again, within] = ['plain', 'again', 'within'].map(name => path.join(folder.path, name));
    await writeKerasFile(plain ?? '', rdnLayers());
    const renamed = rdnLayers().map(layer => ({ ...layer, name: `${layer.name}_1` }));
    await writeKerasFile(again ?? '', renamed);
    await writeKerasFile(within ?? '', rdnLayers(), { group: 'generator' });
    const files = [];
    for (const file of [plain, again, within]) {
      const imported = await importModel(file ?? '', 'psnr-small', folder.path);
      files.push(readFileSync(imported.file));
    }
    assert.deepEqual(decodeModel(files[1] ?? Buffer.of()), decodeModel(files[0] ?? Buffer.of()));
    assert.deepEqual(files[2], files[0]);
  });

  it('takes layers with other names in their order', async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, 'weights.hdf5');
    await writeKerasFile(
      file,
      rdnLayers().map((layer, index) => ({ ...layer, name: `conv2d_${index}` })),
    );
    const { card } = await importModel(file, 'psnr-small', folder.path);
    assert.equal(card.parameters, 2_619_635);
  });

  it('names the layer that does not fit', async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, 'weights.hdf5');
    const wrong = rdnLayers().map(
      (layer): KerasLayer => (layer.name === 'LFF_7' ? { ...layer, shape: [1, 1, 256, 32] } : layer),
    );
    await writeKerasFile(file, wrong);
    const refusal = { code: 'invalid-model', message: /"LFF_7" is 32×256×1×1 .* has 64×256×1×1/ };
    await assert.rejects(importModel(file, 'psnr-small', folder.path), refusal);
    await writeKerasFile(
      file,
      rdnLayers().filter(({ name }) => name !== 'GFF_2'),
    );
    await assert.rejects(importModel(file, 'psnr-small', folder.path), {
      message: /lacks the layer "GFF_2"/,
    });
    await assert.rejects(importModel(file, 'gans', folder.path), {
      message: /lacks the layer "Pre_blocks_conv"/,
    });
  });

  it('stores nothing that is not the network as it was drawn', async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, 'weights.hdf5');
    // So large that sums overflow.
    await writeKerasFile(file, rdnLayers(), { size: 1e30 });
    await assert.rejects(importModel(file, 'psnr-small', path.join(folder.path, 'models')), {
      code: 'invalid-model',
      message: /not stored/,
    });
    assert.deepEqual(readdirSync(path.join(folder.path, 'models')), []);
  });

  it('refuses a file that is no HDF5', async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, 'weights.hdf5');
    writeFileSync(file, 'no HDF5');
    const refusal = { code: 'invalid-model', message: /no HDF5 file/ };
    await assert.rejects(importModel(file, 'psnr-small', folder.path), refusal);
    await assert.rejects(importModel(`${file}.none`, 'psnr-small', folder.path), refusal);
  });
});

function randomImage(height: number, width: number): Planes {
  const values = Float64Array.from({ length: 3 * height * width }, (_, index) => ((index * 37) % 101) / 101);
  return { channels: 3, height, width, values };
}
