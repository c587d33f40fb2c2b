import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { newFileStore } from '../../test/support/file-store.ts';
import { mountSmall } from '../../test/support/small-file-system.ts';
import type { TintypeError } from '../errors/tintype-error.ts';
import { FilesystemObjectStore } from './filesystem.ts';

describe('FilesystemObjectStore on a disk with faults', () => {
  it('calls a full disk storage-unavailable, leaves nothing behind, and goes on when there is room', async t => {
    const root = await mountSmall(t, '1m');
    if (!root) return;
    const store = new FilesystemObjectStore(root);
    t.after(() => store.close());
    await store.clearScratch(0);
    await store.put('jobs/1/source', Readable.from([Buffer.alloc(600_000)]));
    const full = { code: 'storage-unavailable', retryable: true };
    await assert.rejects(store.put('jobs/2/source', Readable.from([Buffer.alloc(900_000)])), full);
    assert.deepEqual(await readdir(store.scratch), []);
    assert.deepEqual(await readdir(path.join(root, 'jobs')), ['1']);

    await writeFile(path.join(root, 'filler'), Buffer.alloc(2_000_000)).catch(() => {});
    await assert.rejects(store.check(), full);
    assert.deepEqual(await readdir(store.scratch), []);
    await rm(path.join(root, 'filler'));
    await store.check();
    await store.put('jobs/2/source', Readable.from([Buffer.alloc(100_000)]));
  });

  it('calls a folder that can’t be written storage-unavailable', async t => {
    const root = await mountSmall(t, '1m');
    if (!root) return;
    const store = new FilesystemObjectStore(root);
    t.after(() => store.close());
    await store.clearScratch(0);
    await store.put('a', Readable.from([Buffer.from('x')]));
    assert.equal(spawnSync('mount', ['-o', 'remount,ro', root]).status, 0);
    const readOnly = { code: 'storage-unavailable', retryable: true, message: 'The storage is read-only.' };
    await assert.rejects(store.put('b', Readable.from([Buffer.from('x')])), readOnly);
    await assert.rejects(store.check(), readOnly);
    await assert.rejects(store.delete(['a']), readOnly);
    assert.equal((await buffer(await store.read('a'))).toString(), 'x');
  });

  it('misses no object where the whole store was taken away, but says so, and goes on when it is back', async t => {
    const { root, store } = await newFileStore(t);
    await store.put('a', Readable.from([Buffer.from('x')]));
    const file = path.join(root, 'rendered');
    await writeFile(file, 'x');
    for (const emptyFolderIsLeft of [true, false]) {
      await rename(root, `${root}-away`);
      if (emptyFolderIsLeft) await mkdir(root);
      const gone = { code: 'storage-unavailable', message: 'The storage is not there.' };
      await assert.rejects(store.size('a'), gone);
      await assert.rejects(store.read('a'), gone);
      await assert.rejects(store.localFile('a', new AbortController().signal), gone);
      await assert.rejects(store.put('b', Readable.from([Buffer.from('x')])), gone);
      await assert.rejects(store.adopt('b', file), gone);
      await assert.rejects(store.check(), gone);
      await rm(root, { recursive: true, force: true });
      await rename(`${root}-away`, root);
      await store.check();
      assert.equal(await store.size('a'), 1);
    }
  });

  it('tells the operator, and nobody else, where a fault is and what to do', async t => {
    const { root, store } = await newFileStore(t);
    await rm(root, { recursive: true });
    await assert.rejects(store.check(), (error: TintypeError) => {
      assert.ok(!error.message.includes(root));
      assert.ok(error.cause instanceof Error);
      assert.ok(error.cause.message.includes(root));
      assert.match(error.cause.message, /; check that the folder exists and is mounted/);
      return true;
    });
  });
});
