import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { LoadedNetworks } from './loaded-networks.ts';
import { ModelLibrary } from './model-library.ts';

const settings = { threads: 1, executionProviders: ['cpu'] };
const side = 64;

test('a network stays loaded until others were used after it', async () => {
  await using folder = await temporaryFolder();
  const files = copies(folder.path, 4);
  const networks = new LoadedNetworks(settings);
  const first = await networks.get(files[0] ?? '');
  assert.equal(await networks.get(files[0] ?? ''), first);
  for (const file of files.slice(1)) await networks.get(file);
  assert.notEqual(await networks.get(files[0] ?? ''), first);
});

test('a hundred loads and unloads leave no memory behind', async () => {
  await using folder = await temporaryFolder();
  // One more than stay loaded: each call loads one network and drops another.
  const files = copies(folder.path, 4);
  const networks = new LoadedNetworks(settings);
  const use = async (times: number) => {
    for (let time = 0; time < times; time++) {
      const network = await networks.get(files[time % files.length] ?? '');
      await network.enlarge(new Float32Array(3 * side * side).fill(0.5), 1, side, side);
    }
    return process.memoryUsage.rss();
  };
  // Until the garbage collector has found its pace.
  const before = await use(300);
  const after = await use(100);
  assert.ok(after <= before * 1.1, `${before} bytes became ${after}`);
});

function copies(folder: string, count: number): string[] {
  const [network] = new ModelLibrary({ importedFolder: '/nowhere', precision: 'float32' }).networks();
  return Array.from({ length: count }, (_, index) => {
    const file = path.join(folder, `${index}.onnx`);
    cpSync(network?.file ?? '', file);
    return file;
  });
}
