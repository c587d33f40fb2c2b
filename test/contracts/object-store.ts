import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import type { ObjectStore, StoredObject } from '../../src/jobs/object-store.ts';

/** An empty store of its own for one test, and its end. */
export interface OpenObjectStore extends AsyncDisposable {
  readonly store: ObjectStore;
}

const signal = new AbortController().signal;
const strangeKeys = [
  '',
  '.',
  '..',
  '../outside',
  'a/../b',
  '/absolute',
  'a//b',
  'a/',
  '.hidden',
  'a/.hidden',
  '.scratch/x',
  'a\\b',
  'a b',
  'a\0b',
  'a\n',
  'ä',
  'a%2fb',
];

/** What every object store must do, whatever it keeps its objects in. */
export function objectStoreContract(open: () => Promise<OpenObjectStore>): void {
  describe('keeps objects', () => {
    it('gives back what was put', async () => {
      await using opened = await open();
      const bytes = randomBytes(300_000);
      assert.deepEqual(await opened.store.put('jobs/1/source', pieces(bytes)), { bytes: bytes.length });
      assert.equal(await opened.store.size('jobs/1/source'), bytes.length);
      assert.deepEqual(await buffer(await opened.store.read('jobs/1/source')), bytes);
    });

    it('is done with a chunk when it asks for the next', async () => {
      await using opened = await open();
      const bytes = randomBytes(6_000_000);
      const lent = async function* () {
        for (let at = 0; at < bytes.length; at += 65_536) {
          const chunk = Buffer.from(bytes.subarray(at, at + 65_536));
          yield chunk;
          chunk.fill(0);
        }
      };
      await opened.store.put('a', Readable.from(lent(), { objectMode: false, highWaterMark: 0 }));
      assert.ok((await buffer(await opened.store.read('a'))).equals(bytes));
    });

    it('keeps an empty object', async () => {
      await using opened = await open();
      assert.deepEqual(await opened.store.put('empty', Readable.from([])), { bytes: 0 });
      assert.equal(await opened.store.size('empty'), 0);
      assert.equal((await buffer(await opened.store.read('empty'))).length, 0);
    });

    it('reads ranges, both ends inclusive, up to the end of the object', async () => {
      await using opened = await open();
      const { store } = opened;
      await store.put('digits', Readable.from([Buffer.from('0123456789')]));
      const part = async (start: number, end: number) =>
        (await buffer(await store.read('digits', { start, end }))).toString();
      assert.equal(await part(0, 0), '0');
      assert.equal(await part(2, 5), '2345');
      assert.equal(await part(9, 9), '9');
      assert.equal(await part(7, 1000), '789');
    });

    it('adopts a finished file, which is gone afterwards', async () => {
      await using opened = await open();
      await mkdir(opened.store.scratch, { recursive: true });
      const file = path.join(opened.store.scratch, 'made-by-a-renderer');
      await writeFile(file, 'an image');
      await opened.store.adopt('jobs/1/1/thumb.png', file);
      assert.equal((await buffer(await opened.store.read('jobs/1/1/thumb.png'))).toString(), 'an image');
      await assert.rejects(stat(file), { code: 'ENOENT' });
    });

    it('replaces an object as a whole', async () => {
      await using opened = await open();
      await opened.store.put('a', Readable.from([Buffer.from('longer before')]));
      await opened.store.put('a', Readable.from([Buffer.from('after')]));
      assert.equal((await buffer(await opened.store.read('a'))).toString(), 'after');
    });

    it('lends an object as a file until the disposal', async () => {
      await using opened = await open();
      await opened.store.put('jobs/1/source', Readable.from([Buffer.from('pixels')]));
      {
        await using file = await opened.store.localFile('jobs/1/source', signal);
        assert.equal(await readFile(file.path, 'utf8'), 'pixels');
      }
      assert.equal(await opened.store.size('jobs/1/source'), 6);
    });

    it('lends nothing once the signal is aborted', async () => {
      await using opened = await open();
      await opened.store.put('a', Readable.from([Buffer.from('pixels')]));
      const reason = new Error('stopped');
      await assert.rejects(opened.store.localFile('a', AbortSignal.abort(reason)), reason);
    });

    it('can be written', async () => {
      await using opened = await open();
      await opened.store.check();
      assert.deepEqual(await keys(opened.store, ''), []);
    });
  });

  describe('shows an object whole or not at all', () => {
    it('shows nothing of an object that is still being put', async () => {
      await using opened = await open();
      const { store } = opened;
      const body = new PassThrough();
      const put = store.put('jobs/1/source', body);
      body.write(Buffer.alloc(100_000));
      // Another object that makes its way in and out shows that the first one's bytes had their chance.
      await store.put('jobs/2/source', Readable.from([Buffer.from('x')]));
      assert.equal(await store.size('jobs/1/source'), undefined);
      assert.deepEqual(await keys(store, ''), ['jobs/2/source']);
      body.end();
      await put;
      assert.equal(await store.size('jobs/1/source'), 100_000);
    });

    it('throws what the body throws and keeps nothing of it', async () => {
      await using opened = await open();
      const fault = new Error('the client went away');
      const body = Readable.from(
        (async function* () {
          yield Buffer.alloc(200_000);
          throw fault;
        })(),
      );
      await assert.rejects(opened.store.put('jobs/1/source', body), fault);
      assert.equal(await opened.store.size('jobs/1/source'), undefined);
      assert.deepEqual(await keys(opened.store, ''), []);
    });

    it('takes 1,000 objects at once', async () => {
      await using opened = await open();
      const { store } = opened;
      const names = Array.from({ length: 1000 }, (_, i) => `jobs/${i % 100}/${i}`);
      await Promise.all(names.map(name => store.put(name, Readable.from([Buffer.from(name)]))));
      assert.deepEqual(await keys(store, ''), [...names].sort());
      const last = names.at(-1) ?? '';
      assert.equal((await buffer(await store.read(last))).toString(), last);
    });
  });

  describe('deletes and lists', () => {
    it('deletes what is there, and takes what is not as deleted', async () => {
      await using opened = await open();
      const { store } = opened;
      await store.put('jobs/1/a', Readable.from([Buffer.from('a')]));
      await store.put('jobs/1/b', Readable.from([Buffer.from('b')]));
      await store.delete(['jobs/1/a', 'jobs/1/never-there', 'jobs/9/9/9']);
      await store.delete(['jobs/1/a']);
      await store.delete([]);
      assert.deepEqual(await keys(store, ''), ['jobs/1/b']);
    });

    it('loses no object that is put while its neighbours are deleted', async () => {
      await using opened = await open();
      const { store } = opened;
      for (let round = 0; round < 100; round++) {
        await store.put('jobs/1/1/old', Readable.from([Buffer.from('old')]));
        await Promise.all([
          store.delete(['jobs/1/1/old']),
          store.put('jobs/1/1/new', Readable.from([Buffer.from('new')])),
        ]);
        assert.deepEqual(await keys(store, ''), ['jobs/1/1/new']);
        await store.delete(['jobs/1/1/new']);
      }
      assert.deepEqual(await keys(store, ''), []);
    });

    it('lists by the start of the key, wherever that ends', async () => {
      await using opened = await open();
      const { store } = opened;
      const names = ['jobs/1/1/a', 'jobs/1/source', 'jobs/12/source', 'jobs/2/source', 'uploads/1'];
      for (const name of names) await store.put(name, Readable.from([Buffer.from(name)]));
      assert.deepEqual(await keys(store, ''), names);
      assert.deepEqual(await keys(store, 'jobs/1'), names.slice(0, 3));
      assert.deepEqual(await keys(store, 'jobs/1/'), names.slice(0, 2));
      assert.deepEqual(await keys(store, 'jobs/1/s'), ['jobs/1/source']);
      assert.deepEqual(await keys(store, 'uploads/1'), ['uploads/1']);
      for (const none of ['uploads/1/', 'x', '../', '..', '/', './', '.']) {
        assert.deepEqual(await keys(store, none), []);
      }
    });

    it('lists sizes and times', async () => {
      await using opened = await open();
      const before = Date.now();
      await opened.store.put('a', Readable.from([Buffer.from('four')]));
      const [object] = await listed(opened.store, '');
      assert.equal(object?.bytes, 4);
      // Stores may round to seconds and have a clock of their own.
      assert.ok(Math.abs((object?.modifiedAt ?? 0) - before) < 60_000);
    });
  });

  describe('says not-found', () => {
    it('for an object that must be there and is not', async () => {
      await using opened = await open();
      await opened.store.put('jobs/1/source', Readable.from([Buffer.from('x')]));
      for (const key of ['none', 'jobs/1', 'jobs', 'jobs/1/source/deeper', 'x'.repeat(900)]) {
        await assert.rejects(opened.store.read(key), { code: 'not-found' }, key);
        await assert.rejects(opened.store.localFile(key, signal), { code: 'not-found' }, key);
        assert.equal(await opened.store.size(key), undefined, key);
      }
    });

    it('for every key that is no relative path of plain segments', async () => {
      await using opened = await open();
      const { store } = opened;
      await mkdir(store.scratch, { recursive: true });
      const file = path.join(store.scratch, 'finished');
      await writeFile(file, 'finished');
      for (const key of strangeKeys) {
        const notFound = { code: 'not-found' };
        const body = Readable.from([Buffer.from('x')]);
        await assert.rejects(store.put(key, body), notFound, key);
        assert.ok(body.destroyed);
        await assert.rejects(store.adopt(key, file), notFound, key);
        await assert.rejects(store.size(key), notFound, key);
        await assert.rejects(store.read(key), notFound, key);
        await assert.rejects(store.localFile(key, signal), notFound, key);
        await assert.rejects(store.delete([key]), notFound, key);
      }
      assert.equal(await readFile(file, 'utf8'), 'finished');
      assert.deepEqual(await keys(store, ''), []);
    });
  });
}

async function keys(store: ObjectStore, prefix: string): Promise<string[]> {
  return (await listed(store, prefix)).map(object => object.key).sort();
}

async function listed(store: ObjectStore, prefix: string): Promise<StoredObject[]> {
  const objects: StoredObject[] = [];
  for await (const object of store.list(prefix)) objects.push(object);
  return objects;
}

/** The bytes in pieces of sizes that fit no block. */
function pieces(bytes: Buffer): Readable {
  const size = 7_919;
  const count = Math.ceil(bytes.length / size);
  return Readable.from(Array.from({ length: count }, (_, i) => bytes.subarray(i * size, (i + 1) * size)));
}
