import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { OpenJobStore } from '../../src/job-store/open-job-store.ts';
import { eventually } from '../support/eventually.ts';
import {
  claimOne,
  completed,
  completeJob,
  failed,
  found,
  minute,
  newJob,
  type OpenDatabaseForTest,
  ref,
} from '../support/stored-jobs.ts';

const short = 20;

/** What every job store must do when the retention of jobs is over, whatever database it is on. */
export function expiryStoreContract(open: OpenDatabaseForTest): void {
  it('expires what was complete, when its time has come, and marks its objects to be swept', async () => {
    await using database = await open();
    const { store } = database;
    const kept = await completeJob(store);
    const later = await completeJob(store, { retentionMs: minute });
    const due = await completeJob(store, { retentionMs: short });
    assert.equal(kept.expiresAt, undefined);
    assert.equal(later.expiresAt, found(later.endedAt) + minute);
    const before = await store.events.newest();
    assert.equal(await expire(store), 1);
    assert.ok(Date.now() >= found(due.expiresAt));
    const job = found(await store.jobs.get(due.id));
    assert.equal(job.status, 'expired');
    assert.equal(job.expiresAt, due.expiresAt);
    assert.equal(job.endedAt, due.endedAt);
    assert.deepEqual(job.outputs, [{ ...due.outputs[0], status: 'expired' }]);
    assert.deepEqual(await store.attempts.leftovers(10), [{ jobId: due.id, attempt: 1 }]);
    const events = await store.events.after(before, {}, 10);
    assert.deepEqual(
      events.map(({ jobId, status }) => [jobId, status]),
      [[due.id, 'expired']],
    );
    for (const { id } of [kept, later]) assert.equal((await store.jobs.get(id))?.status, 'complete');
    await assert.rejects(store.jobs.cancel(due.id), { code: 'job-ended' });
    await assert.rejects(store.jobs.retry(due.id), { code: 'job-not-retryable' });
  });

  it('expires failed and cancelled jobs, and those whose workers were lost', async () => {
    await using database = await open();
    const { store } = database;
    const jobs = [1, 2, 3].map(() => newJob({ retentionMs: short }));
    for (const job of jobs) await store.jobs.submit(job);
    await store.attempts.end(ref(await claimOne(store)), failed);
    await store.jobs.cancel((await claimOne(store)).job.id);
    await claimOne(store, 1);
    await eventually(async () => (await store.attempts.expireLeases(1)) === 1, 'the lease ends');
    let expired = 0;
    await eventually(async () => {
      expired += await store.expiry.expireDue(2);
      return expired === 3;
    }, 'they expire');
    for (const { id } of jobs) assert.equal((await store.jobs.get(id))?.status, 'expired');
  });

  it('begins anew with a retry, and never expires what has not ended', async () => {
    await using database = await open();
    const { store } = database;
    const { id } = await store.jobs.submit(newJob({ retentionMs: short }));
    const pending = await claimOne(store);
    await store.attempts.end(ref(pending), failed);
    const again = await store.jobs.retry(id);
    assert.equal(again.expiresAt, undefined);
    const claim = await claimOne(store);
    const due = Date.now() + 3 * short;
    await eventually(async () => Date.now() > due, 'time goes by');
    assert.equal(await store.expiry.expireDue(10), 0);
    await store.attempts.end(ref(claim), completed(claim));
    assert.ok(found(found(await store.jobs.get(id)).expiresAt) > due);
    assert.equal(await expire(store), 1);
  });

  it('leaves an upload to be deleted with its last job, and lets no job name it then', async () => {
    await using database = await open();
    const { store } = database;
    const upload = newJob().id;
    await store.uploads.create({ id: upload, owner: 'ann', filename: 'cat.jpg' });
    const source = { upload, filename: 'cat.jpg' };
    const last = newJob({ source, retentionMs: minute });
    await store.jobs.submit(last);
    await store.jobs.cancel(last.id);
    for (const _ of [1, 2]) {
      const { id } = await store.jobs.submit(newJob({ source, retentionMs: short }));
      await store.jobs.cancel(id);
    }
    let expired = 0;
    await eventually(async () => {
      expired += await store.expiry.expireDue(10);
      return expired === 2;
    }, 'both expire');
    assert.deepEqual(await store.uploads.abandoned(minute, 10), []);
    const next = newJob({ source, retentionMs: short });
    await store.jobs.submit(next);
    await store.jobs.cancel(next.id);
    await store.jobs.retry(last.id);
    await store.jobs.cancel(last.id);
    assert.equal(await expire(store), 1);
    assert.deepEqual(await store.uploads.abandoned(minute, 10), [], 'one job still names it');
    await assert.rejects(store.jobs.retry(next.id), { code: 'source-gone' });
  });

  it('reports an upload whose last job is expired at once, until it is forgotten', async () => {
    await using database = await open();
    const { store } = database;
    const upload = newJob().id;
    await store.uploads.create({ id: upload, owner: 'ann', filename: 'cat.jpg' });
    const source = { upload, filename: 'cat.jpg' };
    const { id } = await completeJob(store, { source, retentionMs: short });
    assert.equal(await expire(store), 1);
    assert.deepEqual(await store.uploads.abandoned(minute, 10), [upload]);
    await assert.rejects(store.jobs.submit(newJob({ source })), { code: 'not-found' });
    await store.uploads.forget([upload]);
    assert.deepEqual(await store.uploads.abandoned(0, 10), []);
    await assert.rejects(store.jobs.retry(id), { code: 'source-gone' });
  });

  it('gives the newest output that is not expired, and an expired one where there is no other', async () => {
    await using database = await open();
    const { store } = database;
    const older = await completeJob(store);
    await completeJob(store, { retentionMs: short });
    const other = { outputs: [{ name: 'thumb', filename: 'thumb_dog.jpg', options: {} }] };
    const dog = await completeJob(store, { ...other, retentionMs: short });
    let expired = 0;
    await eventually(async () => {
      expired += await store.expiry.expireDue(10);
      return expired === 2;
    }, 'they expire');
    assert.deepEqual(found(await store.jobs.newestOutput('ann', 'thumb_cat.jpg')).job, older);
    const gone = found(await store.jobs.newestOutput('ann', 'thumb_dog.jpg'));
    assert.equal(gone.job.id, dog.id);
    assert.equal(gone.output.status, 'expired');
  });

  it('drops the rows of jobs that expired long ago, and not before their objects are gone', async () => {
    await using database = await open();
    const { store } = database;
    const kept = await completeJob(store);
    const { id } = await completeJob(store, { retentionMs: short });
    await expire(store);
    assert.equal(await store.expiry.dropExpired(0, 10), 0, 'its objects may still be there');
    await store.attempts.forgetLeftovers([{ jobId: id, attempt: 1 }]);
    assert.equal(await store.expiry.dropExpired(minute, 10), 0, 'it is not long ago');
    assert.equal(await store.expiry.dropExpired(0, 10), 1);
    assert.equal(await store.jobs.get(id), undefined);
    assert.deepEqual(await store.jobs.get(kept.id), kept);
  });
}

/** Resolves once something was due, to how much. */
function expire(store: OpenJobStore): Promise<number> {
  return eventually(async () => (await store.expiry.expireDue(10)) || undefined, 'a job expires');
}
