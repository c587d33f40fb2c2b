import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { suite, test } from 'node:test';
import type { ModelCard } from '../../src/super-resolution/model-card.ts';
import { ModelLibrary } from '../../src/super-resolution/model-library.ts';
import { newCaller, startServiceWithKeys } from '../support/callers.ts';
import { ask } from '../support/http-requests.ts';
import { startHttpService } from '../support/http-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const imported: ModelCard = {
  name: 'psnr-small',
  scale: 2,
  source: 'imported',
  files: { float32: 'mine.onnx' },
  architecture: 'RDN',
  parameters: 7,
  padding: 16,
  bytesPerPixel: 7_000,
};

suite('GET /models', () => {
  test('tells of each network whose it is and how good', async t => {
    const service = await startHttpService();
    t.after(() => service.stop());
    const { status, json } = await ask(service, 'GET', '/models');
    assert.equal(status, 200);
    const { models } = json();
    const small = models.find(({ name, scale }: ModelCard) => name === 'psnr-small' && scale === 2);
    assert.equal(small.source, 'shipped');
    assert.equal(small.precision, 'float32');
    assert.ok(small.parameters > 0);
    assert.deepEqual(Object.keys(small), [
      'name',
      'scale',
      'source',
      'precision',
      'architecture',
      'parameters',
      'quality',
      'jpegQuality',
      'data',
      'training',
      'weaknesses',
    ]);
  });

  test('shows an imported network in the place of the shipped one, without a restart', async t => {
    await using folder = await temporaryFolder();
    const models = new ModelLibrary({ importedFolder: folder.path, precision: 'int8' });
    const service = await startHttpService({ models });
    t.after(() => service.stop());
    const shipped = (await ask(service, 'GET', '/models')).json().models;
    await writeFile(path.join(folder.path, 'psnr-small-x2.json'), JSON.stringify(imported));
    const now = (await ask(service, 'GET', '/models')).json().models;
    assert.equal(now.length, shipped.length);
    const { files, padding, bytesPerPixel, ...shown } = imported;
    const unknown = { quality: null, jpegQuality: null, data: null, training: null, weaknesses: null };
    assert.deepEqual(
      now.find(({ source }: ModelCard) => source === 'imported'),
      { ...shown, precision: 'float32', ...unknown },
    );
  });

  test('tells how good the weights are that are in use', async t => {
    await using folder = await temporaryFolder();
    const files = { float32: 'mine.onnx', int8: 'mine.int8.onnx' };
    const [quality, int8Quality] = [
      { Set5: { psnr: 30, ssim: 0.9, perceptual: 0.3 } },
      { Set5: { psnr: 29, ssim: 0.8, perceptual: 0.4 } },
    ];
    const card: ModelCard = { ...imported, files, quality, int8Quality };
    await writeFile(path.join(folder.path, 'psnr-small-x2.json'), JSON.stringify(card));
    for (const precision of ['float32', 'int8'] as const) {
      const models = new ModelLibrary({ importedFolder: folder.path, precision });
      const service = await startHttpService({ models });
      t.after(() => service.stop());
      const shown = (await ask(service, 'GET', '/models')).json().models;
      const mine = shown.find(({ source }: ModelCard) => source === 'imported');
      assert.equal(mine.precision, precision);
      assert.deepEqual(mine.quality, precision === 'int8' ? int8Quality : quality);
    }
  });

  test('asks for a key where keys are needed', async t => {
    const service = await startServiceWithKeys();
    t.after(() => service.stop());
    assert.equal((await ask(service, 'GET', '/models')).status, 401);
    const { headers } = await newCaller(service, 'ann');
    assert.equal((await ask(service, 'GET', '/models', headers)).status, 200);
  });
});
