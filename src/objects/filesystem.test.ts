import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { objectStoreContract } from '../../test/contracts/object-store.ts';
import { newFileStore as newStore, openFileStore } from '../../test/support/file-store.ts';
import { mountSmall } from '../../test/support/small-file-system.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { FilesystemObjectStore } from './filesystem.ts';

describe('FilesystemObjectStore', () => {
  objectStoreContract(async () => {
    const { store, dispose } = await openFileStore();
    return { store, [Symbol.asyncDispose]: dispose };
  });

  it('keeps an object under its key and nothing beside it', async t => {
    const { root, store } = await newStore(t);
    await store.put('jobs/1/source', Readable.from([Buffer.from('x')]));
    assert.equal(await readFile(path.join(root, 'jobs/1/source'), 'utf8'), 'x');
    assert.deepEqual((await readdir(root)).sort(), ['.scratch', 'jobs']);
    assert.deepEqual(await readdir(store.scratch), []);
  });

  it('makes its folder for its user alone', async () => {
    await using folder = await temporaryFolder();
    const root = path.join(folder.path, 'data/objects');
    const store = new FilesystemObjectStore(root);
    await store.clearScratch(0);
    assert.equal((await stat(root)).mode & 0o777, 0o700);
    await store.close();
  });

  it('lends its own file', async t => {
    const { root, store } = await newStore(t);
    await store.put('a', Readable.from([Buffer.from('x')]));
    await using file = await store.localFile('a', new AbortController().signal);
    assert.equal(file.path, path.join(root, 'a'));
  });

  it('leaves no scratch file and no folder behind when a body fails or its place can’t be had', async t => {
    const { root, store } = await newStore(t);
    await store.put('taken', Readable.from([Buffer.from('x')]));
    const broken = new PassThrough();
    const put = store.put('jobs/1/source', broken);
    broken.write(Buffer.alloc(100_000));
    broken.destroy(new Error('cut off'));
    await assert.rejects(put, /cut off/);
    await assert.rejects(store.put('taken/below', Readable.from([Buffer.from('x')])));
    await assert.rejects(store.adopt('jobs/1/1/out', path.join(store.scratch, 'never-made')));
    assert.deepEqual(await readdir(store.scratch), []);
    assert.deepEqual((await readdir(root)).sort(), ['.scratch', 'taken']);
  });

  it('deletes the folders that a deletion empties, and no others', async t => {
    const { root, store } = await newStore(t);
    await store.put('jobs/1/1/a', Readable.from([Buffer.from('a')]));
    await store.put('jobs/1/2/b', Readable.from([Buffer.from('b')]));
    await store.delete(['jobs/1/1/a']);
    assert.deepEqual(await readdir(path.join(root, 'jobs/1')), ['2']);
    await store.delete(['jobs/1/2/b']);
    assert.deepEqual(await readdir(root), ['.scratch']);
  });

  it('reads an object to its end although it is deleted meanwhile', async t => {
    const { store } = await newStore(t);
    await store.put('a', Readable.from([Buffer.alloc(500_000, 7)]));
    const reading = await store.read('a');
    await store.delete(['a']);
    assert.deepEqual(await buffer(reading), Buffer.alloc(500_000, 7));
  });

  it('puts and deletes in one folder from two stores at once, as two processes do', async t => {
    const { root, store } = await newStore(t);
    const other = new FilesystemObjectStore(root);
    t.after(() => other.close());
    await Promise.all(
      Array.from({ length: 300 }, async (_, i) => {
        const here = i % 2 === 0 ? store : other;
        const key = `jobs/1/${i % 3}/${i}`;
        await here.put(key, Readable.from([Buffer.from(key)]));
        assert.equal(await other.size(key), key.length);
        await store.delete([key]);
      }),
    );
    assert.deepEqual(await readdir(root), ['.scratch']);
  });

  it('answers each of many at once for itself', async t => {
    const { root, store } = await newStore(t);
    await store.put('taken', Readable.from([Buffer.from('x')]));
    const results = await Promise.allSettled(
      Array.from({ length: 30 }, async (_, i) => {
        const file = path.join(store.scratch, `${i}`);
        if (i % 3 !== 0) await writeFile(file, `${i}`);
        await store.adopt(i % 3 === 1 ? `taken/${i}` : `jobs/1/1/${i}`, file);
      }),
    );
    const adopted = results.flatMap(({ status }, i) => (status === 'fulfilled' ? [`${i}`] : []));
    assert.deepEqual(adopted, ['2', '5', '8', '11', '14', '17', '20', '23', '26', '29']);
    assert.deepEqual((await readdir(path.join(root, 'jobs/1/1'))).sort(), adopted.sort());
  });

  it('finishes what was asked for before it is closed, and refuses what comes after', async t => {
    const { root, store } = await newStore(t);
    await store.put('old', Readable.from([Buffer.from('x')]));
    await writeFile(path.join(store.scratch, 'new'), 'x');
    const asked = Promise.all([store.adopt('new', path.join(store.scratch, 'new')), store.delete(['old'])]);
    await Promise.all([store.close(), store.close()]);
    await asked;
    assert.deepEqual((await readdir(root)).sort(), ['.scratch', 'new']);
    await assert.rejects(store.put('late', Readable.from([Buffer.from('x')])), {
      code: 'storage-unavailable',
    });
    assert.deepEqual(await readdir(store.scratch), []);
    assert.equal((await buffer(await store.read('new'))).toString(), 'x');
  });

  it('is closed although it was never used', async t => {
    const { root, store } = await newStore(t);
    await store.close();
    assert.deepEqual(await readdir(root), ['.scratch']);
  });

  it('keeps no process alive that has not closed it, but lets it wait for its answers', async t => {
    const { root } = await newStore(t);
    const program = `
      import { Readable } from 'node:stream';
      import { FilesystemObjectStore } from ${JSON.stringify(import.meta.resolve('./filesystem.ts'))};
      const store = new FilesystemObjectStore(${JSON.stringify(root)});
      await store.clearScratch(0);
      await store.put('a', Readable.from([Buffer.from('x')]));
      void store.delete(['a']);`;
    const arguments_ = ['--input-type=module', '--eval', program];
    const ended = spawnSync(process.execPath, arguments_, { timeout: 30_000, encoding: 'utf8' });
    assert.deepEqual([ended.status, ended.stderr], [0, '']);
    assert.deepEqual(await readdir(root), ['.scratch']);
  });

  it('clears what dead processes left in scratch, and spares what is newer', async t => {
    const { store } = await newStore(t);
    await store.clearScratch(0);
    const old = path.join(store.scratch, 'old');
    await mkdir(old);
    await writeFile(path.join(old, 'piece'), 'x');
    const twoDaysAgo = new Date(Date.now() - 2 * 86_400_000);
    await utimes(old, twoDaysAgo, twoDaysAgo);
    await writeFile(path.join(store.scratch, 'new'), 'x');
    await store.clearScratch(86_400_000);
    assert.deepEqual(await readdir(store.scratch), ['new']);
    await store.clearScratch(0);
    assert.deepEqual(await readdir(store.scratch), []);
  });

  it('adopts a file from another file system by copying it', async t => {
    const { store } = await newStore(t);
    const elsewhere = await mountSmall(t, '4m');
    if (!elsewhere) return;
    const file = path.join(elsewhere, 'rendered');
    await writeFile(file, Buffer.alloc(300_000, 3));
    await store.adopt('jobs/1/1/out', file);
    assert.deepEqual(await buffer(await store.read('jobs/1/1/out')), Buffer.alloc(300_000, 3));
    assert.equal(existsSync(file), false);
    assert.deepEqual(await readdir(store.scratch), []);
  });

  it('tidies away empty folders and unfinished files that are old, and spares the rest', async t => {
    const { root, store } = await newStore(t);
    await store.put('jobs/1/1/a', Readable.from([Buffer.from('x')]));
    for (const folder of ['jobs/1/2', 'jobs/2/1', 'jobs/3/1', 'shared/empty'])
      await mkdir(path.join(root, folder), { recursive: true });
    await writeFile(path.join(store.scratch, 'cut'), 'x');
    const twoDaysAgo = new Date(Date.now() - 2 * 86_400_000);
    for (const old of ['jobs/1/1', 'jobs/1/2', 'jobs/2/1', 'shared/empty', '.scratch/cut'])
      await utimes(path.join(root, old), twoDaysAgo, twoDaysAgo);
    assert.equal(await store.tidy('jobs/', 86_400_000, new AbortController().signal), 3);
    assert.deepEqual((await readdir(path.join(root, 'jobs'))).sort(), ['1', '3']);
    assert.deepEqual(await readdir(path.join(root, 'jobs/1')), ['1']);
    assert.equal(existsSync(path.join(root, 'shared/empty')), true);
    assert.deepEqual(await readdir(store.scratch), []);
  });
});
