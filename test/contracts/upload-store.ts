import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { claimOne, failure, newJob, type OpenDatabaseForTest, ref } from '../support/stored-jobs.ts';

const minAgeMs = 20;

/** What every job store must do for uploads, whatever database it is on. */
export function uploadStoreContract(open: OpenDatabaseForTest): void {
  it('reports uploads that no job names, and only old ones', async () => {
    await using database = await open();
    const { jobs, uploads } = database.store;
    const [named, abandoned] = [newJob().id, newJob().id];
    for (const id of [named, abandoned]) await uploads.create({ id, owner: 'ann', filename: 'cat.jpg' });
    await jobs.submit(newJob({ source: { upload: named, filename: 'cat.jpg' } }));
    assert.deepEqual(await uploads.abandoned(60_000, 10), []);
    const old = () => uploads.abandoned(minAgeMs, 10);
    const found = await eventually(async () => ((await old()).length > 0 ? old() : undefined), 'it is old');
    assert.deepEqual(found, [abandoned], 'again until it is forgotten');
    await uploads.forget([abandoned, named]);
    assert.deepEqual(await uploads.abandoned(0, 10), []);
    await jobs.submit(newJob({ source: { upload: named, filename: 'cat.jpg' } }));
  });

  it('lets no job name an upload whose object may be gone', async () => {
    await using database = await open();
    const { jobs, uploads } = database.store;
    const id = newJob().id;
    await uploads.create({ id, owner: 'ann', filename: 'cat.jpg' });
    await eventually(async () => (await uploads.abandoned(minAgeMs, 10)).length === 1, 'it is old');
    const late = newJob({ source: { upload: id, filename: 'cat.jpg' } });
    await assert.rejects(jobs.submit(late), { code: 'not-found' });
    assert.equal(await jobs.get(late.id), undefined);
  });

  it('reports the upload of a job that could not take it, unless another job names it', async () => {
    await using database = await open();
    const { attempts, jobs, uploads } = database.store;
    const [alone, shared] = [newJob().id, newJob().id];
    for (const id of [alone, shared]) await uploads.create({ id, owner: 'ann', filename: 'cat.jpg' });
    for (const upload of [alone, shared, shared])
      await jobs.submit(newJob({ source: { upload, filename: 'cat.jpg' } }));
    for (let ended = 0; ended < 2; ended++) {
      const claim = await claimOne(database.store);
      await attempts.end(ref(claim), { result: 'failed', failure, refused: true });
      if (ended === 0) await assert.rejects(jobs.retry(claim.job.id), { code: 'source-gone' });
      else await jobs.retry(claim.job.id);
    }
    assert.deepEqual(await uploads.abandoned(60_000, 10), [alone]);
    await uploads.forget([alone, shared]);
    assert.deepEqual(await uploads.abandoned(60_000, 10), []);
    await jobs.submit(newJob({ source: { upload: shared, filename: 'cat.jpg' } }));
  });

  it('reports no more than were asked for', async () => {
    await using database = await open();
    const { uploads } = database.store;
    for (let i = 0; i < 3; i++) await uploads.create({ id: newJob().id, owner: 'ann', filename: 'cat.jpg' });
    await eventually(async () => (await uploads.abandoned(minAgeMs, 3)).length === 3, 'they are old');
    const two = await uploads.abandoned(minAgeMs, 2);
    assert.equal(two.length, 2);
    await uploads.forget(two);
    await eventually(async () => (await uploads.abandoned(minAgeMs, 2)).length === 1, 'so is the third');
  });
}
