import assert from 'node:assert/strict';
import { it } from 'node:test';
import { v7 as uuidv7 } from 'uuid';
import type { OpenJobStore } from '../../src/job-store/open-job-store.ts';
import { mostOpenUploads } from '../../src/jobs/partial-upload-store.ts';
import { eventually } from '../support/eventually.ts';
import { minute, newJob, type OpenDatabaseForTest } from '../support/stored-jobs.ts';

const bytes = 1000;
const whole = { received: bytes, pieces: [] };

async function createUpload({ partialUploads }: OpenJobStore, leaseMs = minute) {
  const [id, token] = [uuidv7(), uuidv7()];
  await partialUploads.create({ id, owner: 'ann', filename: 'cat.jpg', bytes, token, leaseMs });
  return { id, token };
}

/** What every job store must do for uploads that come in pieces, whatever database it is on. */
export function partialUploadStoreContract(open: OpenDatabaseForTest): void {
  it('knows how much has come, and tells its owner alone', async () => {
    await using database = await open();
    const { partialUploads } = database.store;
    const { id, token } = await createUpload(database.store);
    const kept = { received: 400, pieces: ['first', 'second'] };
    assert.equal(await partialUploads.advance(id, token, kept), true);
    const found = await partialUploads.find(id, 'ann');
    assert.ok(found?.state === 'arriving');
    assert.equal(found.received, 400);
    assert.deepEqual(found.pieces, kept.pieces);
    assert.equal(found.bytes, bytes);
    assert.equal(await partialUploads.find(id, 'bob'), undefined);
    assert.equal((await partialUploads.find(id))?.filename, 'cat.jpg', 'an admin sees all');
  });

  it('has room for so many of one owner, and for others beside', async () => {
    await using database = await open();
    const { partialUploads } = database.store;
    const create = (owner: string) =>
      partialUploads.create({
        id: uuidv7(),
        owner,
        filename: 'cat.jpg',
        bytes,
        token: uuidv7(),
        leaseMs: minute,
      });
    const { id } = await createUpload(database.store);
    for (let made = 1; made < mostOpenUploads; made += 500) {
      await Promise.all(Array.from({ length: Math.min(500, mostOpenUploads - made) }, () => create('ann')));
    }
    await assert.rejects(create('ann'), { code: 'too-many-uploads' });
    await create('bob');
    await partialUploads.abandon(id);
    await partialUploads.forget([id]);
    await create('ann');
  });

  it('lets one write at a time, and tells him that another wants to', async () => {
    await using database = await open();
    const { partialUploads } = database.store;
    const { id, token } = await createUpload(database.store);
    assert.deepEqual(await partialUploads.renew([token], minute), [{ token, wanted: false }]);
    assert.equal(await partialUploads.lock(id, 'second', minute), 'taken');
    assert.deepEqual(await partialUploads.renew([token], minute), [{ token, wanted: true }]);
    await partialUploads.unlock(token);
    assert.equal(await partialUploads.lock(id, 'second', minute), 'locked');
    assert.deepEqual(await partialUploads.renew([token, 'second'], minute), [
      { token: 'second', wanted: false },
    ]);
    assert.equal(await partialUploads.advance(id, token, whole), false, 'the first has lost it');
    assert.equal(await partialUploads.lock(uuidv7(), 'second', minute), 'none');
  });

  it('frees a lock that was not renewed', async () => {
    await using database = await open();
    const { partialUploads } = database.store;
    const { id, token } = await createUpload(database.store, 30);
    const lock = async () => (await partialUploads.lock(id, 'second', minute)) === 'locked';
    await eventually(lock, 'the lease is over');
    assert.equal(await partialUploads.finish(id, token), false);
  });

  it('makes an upload that jobs may name of one that has come to its end, and of no other', async () => {
    await using database = await open();
    const { partialUploads, jobs, uploads } = database.store;
    const { id, token } = await createUpload(database.store);
    const job = () => newJob({ source: { upload: id, filename: 'cat.jpg' } });
    assert.equal(await partialUploads.finish(id, token), false, 'bytes are missing');
    await assert.rejects(jobs.submit(job()), { code: 'not-found' });
    await partialUploads.advance(id, token, whole);
    assert.equal(await partialUploads.finish(id, token), true);
    assert.deepEqual(await partialUploads.find(id, 'ann'), { state: 'whole', id, filename: 'cat.jpg' });
    await assert.rejects(jobs.submit({ ...job(), owner: 'bob' }), { code: 'not-found' });
    await jobs.submit(job());
    assert.equal(await partialUploads.abandon(id), false, 'a job names it');
    assert.deepEqual(await uploads.abandoned(-minute, 10), []);
  });

  it('gives up what is abandoned: nobody writes to it, and no job names it', async () => {
    await using database = await open();
    const { partialUploads, jobs, uploads } = database.store;
    const arriving = await createUpload(database.store);
    const done = await createUpload(database.store);
    await partialUploads.advance(done.id, done.token, whole);
    await partialUploads.finish(done.id, done.token);
    for (const { id } of [arriving, done]) {
      assert.equal(await partialUploads.abandon(id), true);
      assert.equal(await partialUploads.find(id), undefined);
    }
    assert.equal(await partialUploads.advance(arriving.id, arriving.token, whole), false);
    assert.equal(await partialUploads.lock(arriving.id, 'second', minute), 'none');
    const late = newJob({ source: { upload: done.id, filename: 'cat.jpg' } });
    await assert.rejects(jobs.submit(late), { code: 'not-found' });
    assert.deepEqual(await uploads.abandoned(-minute, 10), [done.id]);
    assert.deepEqual(await partialUploads.abandoned(-minute, 10), [arriving.id]);
    await partialUploads.forget([arriving.id]);
    assert.deepEqual(await partialUploads.abandoned(-minute, 10), []);
  });

  it('reports those to which nothing comes any more, but none that is locked', async () => {
    await using database = await open();
    const { partialUploads } = database.store;
    const { id, token } = await createUpload(database.store);
    await partialUploads.unlock(token);
    await createUpload(database.store);
    assert.deepEqual(await partialUploads.abandoned(minute, 10), []);
    const old = await eventually(async () => {
      const found = await partialUploads.abandoned(20, 10);
      return found.length > 0 && found;
    }, 'it is old');
    assert.deepEqual(old, [id]);
    assert.equal(await partialUploads.find(id), undefined);
  });
}
