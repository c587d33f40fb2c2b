import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { exportStoreContract, type OpenExports } from '../../test/contracts/export-store.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { FilesystemObjectStore } from './filesystem.ts';
import { FilesystemExports } from './filesystem-exports.ts';
import { ifThere } from './if-there.ts';

async function open(): Promise<OpenExports & { data: string }> {
  await using cleanup = new AsyncDisposableStack();
  const data = cleanup.use(await temporaryFolder()).path;
  const root = path.join(data, 'objects');
  const objects = cleanup.adopt(new FilesystemObjectStore(root), opened => opened.close());
  await objects.clearScratch(0);
  const exports = cleanup.adopt(new FilesystemExports(root, objects), opened => opened.close());
  const kept = cleanup.move();
  return {
    data,
    objects,
    exports,
    bucket: 'images-bucket',
    async read(bucket, key) {
      const content = await ifThere(readFile(path.join(data, bucket, key), 'utf8'));
      return content === undefined ? undefined : { content, contentType: undefined };
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

describe('exports to folders', () => {
  exportStoreContract(open);

  it('gives up a copy for which there can be no place', async () => {
    await using opened = await open();
    const { objects, exports } = opened;
    await objects.put('a', Readable.from([Buffer.from('pixels')]));
    const { signal } = new AbortController();
    const copy = (key: string) => exports.copy('a', { bucket: 'out', key, contentType: 'image/png' }, signal);
    await copy('images/a.png');
    for (const key of ['images/a.png/b.png', 'images']) {
      await assert.rejects(copy(key), { code: 'invalid-request', message: /is where the copy/ });
    }
    await copy('images/b.png');
  });

  it('never writes into the object store itself, and leaves no file on its way', async () => {
    await using opened = await open();
    const { objects, exports, data } = opened;
    await objects.put('a', Readable.from([Buffer.from('pixels')]));
    const { signal } = new AbortController();
    const contentType = 'image/png';
    const inside = exports.copy('a', { bucket: 'objects', key: 'jobs/1', contentType }, signal);
    await assert.rejects(inside, { code: 'invalid-request' });
    const hidden = exports.copy('a', { bucket: 'out', key: '.scratch/a', contentType }, signal);
    await assert.rejects(hidden, { code: 'invalid-request' });
    await exports.copy('a', { bucket: 'out', key: 'b', contentType }, signal);
    assert.deepEqual((await readdir(path.join(data, 'out'))).sort(), ['.scratch', 'b']);
    assert.deepEqual(await readdir(path.join(data, 'out', '.scratch')), []);
  });
});
