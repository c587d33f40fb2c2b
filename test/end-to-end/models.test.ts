import assert from 'node:assert/strict';
import { truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { suite, test } from 'node:test';
import sharp from 'sharp';
import { rdnLayers, writeKerasFile } from '../support/keras-file.ts';
import { photo } from '../support/photo.ts';
import { tintype } from '../support/program.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

suite('tintype models', () => {
  test('lists the networks that are shipped, and verifies them', async () => {
    await using folder = await temporaryFolder();
    // What other commands would not start with is none of its business.
    const env = { MODELS_FOLDER: path.join(folder.path, 'none'), DATABASE_URL: 'mysql://db/images' };
    const list = await tintype(['models', 'list'], { env });
    assert.deepEqual([list.code, list.stderr], [0, '']);
    assert.match(list.stdout, /^psnr-small +×2 +shipped +float32 +[\d,]+ +Set5 3\d\.\d\d dB, Set14 /m);
    const { models } = JSON.parse((await tintype(['models', 'list', '--json'], { env })).stdout);
    assert.equal(models.length, list.stdout.trim().split('\n').length - 1);
    const verify = await tintype(['models', 'verify'], { env });
    assert.equal(verify.code, 0, verify.stderr);
    assert.match(verify.stdout, /^psnr-small ×2 float32 differs by at most 0\.0\S* of 255$/m);
  });

  test('imports weights, which take the place of what is shipped', async () => {
    await using folder = await temporaryFolder();
    const cwd = folder.path;
    const env = { MODELS_FOLDER: path.join(cwd, 'models') };
    await writeKerasFile(path.join(cwd, 'weights.hdf5'), rdnLayers());
    const imported = await tintype(['models', 'import', 'weights.hdf5', '--as', 'psnr-small'], { cwd, env });
    assert.equal(imported.code, 0, imported.stderr);
    assert.match(imported.stdout, /^48 layers, 2,619,635 parameters/m);
    const file = /→ (\S+\.onnx),/.exec(imported.stdout)?.[1] ?? '';
    assert.equal(path.dirname(file), env.MODELS_FOLDER);
    const list = await tintype(['models', 'list'], { env });
    assert.match(list.stdout, /^psnr-small +×2 +imported +float32 +2,619,635 +– +RDN/m);

    await photo(256, 256).png().toFile(path.join(cwd, 'photo.png'));
    const run = await tintype(['run', 'photo.png', '--upscale', 'psnr-small', '--out', 'large'], {
      cwd,
      env,
    });
    assert.equal(run.code, 0, run.stderr);
    const { width, height } = await sharp(path.join(cwd, 'large/photo.png')).metadata();
    assert.deepEqual([width, height], [512, 512]);

    await truncate(file, 1_000_000);
    const verify = await tintype(['models', 'verify'], { env });
    assert.equal(verify.code, 1);
    assert.match(verify.stderr, /^psnr-small ×2 can't be verified: [^\n]+$/m);
  });

  test('says what is wrong with weights that are none', async () => {
    await using folder = await temporaryFolder();
    const cwd = folder.path;
    const env = { MODELS_FOLDER: path.join(cwd, 'models') };
    await writeFile(path.join(cwd, 'notes.hdf5'), 'no weights');
    await writeKerasFile(path.join(cwd, 'small.hdf5'), rdnLayers());
    const answers: [file: string, message: RegExp][] = [
      ['nothing.hdf5', /^There is no file nothing\.hdf5\.\n$/],
      ['notes.hdf5', /^notes\.hdf5 is no HDF5 file that can be read\.\n$/],
      ['small.hdf5', /^The file lacks the layer "Pre_blocks_conv"\.\n$/],
    ];
    for (const [file, message] of answers) {
      const { code, stdout, stderr } = await tintype(['models', 'import', file, '--as', 'gans'], {
        cwd,
        env,
      });
      assert.deepEqual([code, stdout], [1, '']);
      assert.match(stderr, message);
    }
  });
});
