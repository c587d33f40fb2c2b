import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { suite, test } from 'node:test';
import { photo } from '../support/photo.ts';
import { tintype } from '../support/program.ts';
import { embedded } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Also where CUDA is installed there is no device then. */
const cuda = { SR_EXECUTION_PROVIDERS: 'cuda,cpu', CUDA_VISIBLE_DEVICES: '-1' };
const refusal =
  /^SR_EXECUTION_PROVIDERS is 'cuda,cpu', and ONNX Runtime can't run a network so here: [^\n]+\n$/;

suite('CUDA that is not there', () => {
  test('is a fault of the configuration when the service starts, which makes nothing then', async () => {
    await using folder = await temporaryFolder();
    const { code, stdout, stderr } = await tintype(['serve'], { env: { ...embedded(folder.path), ...cuda } });
    assert.deepEqual([code, stdout], [78, '']);
    assert.match(stderr, refusal);
    assert.deepEqual(await readdir(folder.path), []);
  });

  test('is one for tintype run as well', async () => {
    await using folder = await temporaryFolder();
    await photo(640, 480).jpeg().toFile(path.join(folder.path, 'photo.jpg'));
    const { code, stderr } = await tintype(['run', 'photo.jpg'], { cwd: folder.path, env: cuda });
    assert.equal(code, 78);
    assert.match(stderr, refusal);
    assert.deepEqual(await readdir(folder.path), ['photo.jpg']);
  });
});
