import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  claimOne,
  completed,
  completeJob,
  failed,
  failure,
  found,
  minute,
  newJob,
  type OpenDatabaseForTest,
  ref,
  submitAll,
} from '../support/stored-jobs.ts';
import { jobList } from './job-list.ts';

/** What every job store must do for callers, whatever database it is on. */
export function jobStoreContract(open: OpenDatabaseForTest): void {
  describe('submit and get', () => submission(open));
  describe('cancel', () => cancelling(open));
  describe('retry', () => retrying(open));
  describe('list', () => jobList(open));
  describe('newest output', () => newestOutput(open));
}

function submission(open: OpenDatabaseForTest): void {
  it('counts the pending jobs of one owner or of all, no further than asked', async () => {
    await using database = await open();
    const { jobs } = database.store;
    const notBefore = Date.now() + 1e9;
    for (const owner of ['ann', 'ann', 'bob']) await jobs.submit(newJob({ owner, notBefore }));
    await jobs.submit(newJob({ owner: 'ann' }));
    await claimOne(database.store);
    assert.deepEqual(
      [await jobs.queued(10), await jobs.queued(10, 'ann'), await jobs.queued(10, 'eve')],
      [3, 2, 0],
    );
    assert.deepEqual([await jobs.queued(1), await jobs.queued(1, 'ann')], [1, 1]);
  });

  it('gives back what was submitted', async () => {
    await using database = await open();
    const { jobs } = database.store;
    const before = Date.now();
    const job = newJob({
      class: 'avatars',
      priority: 'interactive',
      metadata: { nested: { list: [1, 'two', null] }, text: "it's “quoted” 🐈" },
      outputs: [
        { name: 'z', filename: 'z.jpg', options: { size: '1x1' } },
        { name: 'a', filename: 'a.jpg', options: { nested: { quality: 80 } } },
      ],
    });
    const accepted = await jobs.submit(job);
    assert.deepEqual(accepted, {
      ...job,
      outputs: job.outputs.map(output => ({ ...output, status: 'pending' })),
      status: 'pending',
      run: 1,
      attempts: 0,
      progress: 0,
      submittedAt: accepted.submittedAt,
      notBefore: accepted.submittedAt,
      tries: [],
    });
    assert.ok(Math.abs(accepted.submittedAt - before) < minute);
    assert.deepEqual(await jobs.get(job.id), accepted);
  });

  it('keeps a time to start', async () => {
    await using database = await open();
    const notBefore = Date.now() + minute;
    const job = await database.store.jobs.submit(newJob({ notBefore }));
    assert.equal(job.notBefore, notBefore);
  });

  it("hides other owners' jobs", async () => {
    await using database = await open();
    const { jobs } = database.store;
    const { id } = await jobs.submit(newJob({ owner: 'ann' }));
    assert.equal((await jobs.get(id, 'ann'))?.id, id);
    assert.equal(await jobs.get(id, 'bob'), undefined);
    assert.equal(await jobs.get(newJob().id), undefined);
    await assert.rejects(jobs.cancel(id, 'bob'), { code: 'not-found' });
    await assert.rejects(jobs.retry(id, 'bob'), { code: 'not-found' });
    assert.equal((await jobs.get(id))?.status, 'pending');
  });

  it('takes an id once', async () => {
    await using database = await open();
    const job = newJob();
    await database.store.jobs.submit(job);
    await assert.rejects(database.store.jobs.submit(job), { code: 'internal' });
    assert.equal((await database.store.jobs.list({}, { limit: 10 })).jobs.length, 1);
  });

  it("takes an upload of the owner's and nobody else's", async () => {
    await using database = await open();
    const { jobs, uploads } = database.store;
    const upload = newJob().id;
    await uploads.create({ id: upload, owner: 'ann', filename: 'cat.jpg' });
    const source = { upload, filename: 'cat.jpg' };
    await assert.rejects(jobs.submit(newJob({ owner: 'bob', source })), { code: 'not-found' });
    const unknown = { upload: newJob().id, filename: 'cat.jpg' };
    await assert.rejects(jobs.submit(newJob({ source: unknown })), { code: 'not-found' });
    assert.deepEqual((await jobs.submit(newJob({ source }))).source, source);
    assert.equal((await jobs.list({}, { limit: 10 })).jobs.length, 1);
  });

  it('counts what has not ended', async () => {
    await using database = await open();
    const { store } = database;
    assert.deepEqual(await store.jobs.backlog(), { pending: 0, processing: 0 });
    await completeJob(store);
    await submitAll(store, [newJob(), newJob(), newJob()]);
    await claimOne(store);
    assert.deepEqual(await store.jobs.backlog(), { pending: 2, processing: 1 });
  });
}

function cancelling(open: OpenDatabaseForTest): void {
  it('cancels a pending job, which nobody claims any more, and twice is the same', async () => {
    await using database = await open();
    const { store } = database;
    const { id } = await store.jobs.submit(newJob());
    const cancelled = await store.jobs.cancel(id, 'ann');
    assert.equal(cancelled.status, 'cancelled');
    assert.ok(cancelled.endedAt);
    assert.deepEqual(await store.jobs.cancel(id), cancelled);
    assert.deepEqual(await store.attempts.claim('worker', 4, minute), []);
  });

  it('takes a processing job from its worker', async () => {
    await using database = await open();
    const { store } = database;
    await store.jobs.submit(newJob());
    const claim = await claimOne(store);
    await store.jobs.cancel(claim.job.id);
    assert.deepEqual(await store.attempts.stillHeld([ref(claim)]), []);
    assert.equal(await store.attempts.end(ref(claim), completed(claim)), false);
    assert.equal((await store.jobs.get(claim.job.id))?.status, 'cancelled');
    assert.deepEqual(await store.attempts.leftovers(10), [ref(claim)]);
  });

  it('refuses what has ended otherwise', async () => {
    await using database = await open();
    const { store } = database;
    const { id } = await completeJob(store);
    await assert.rejects(store.jobs.cancel(id), { code: 'job-ended' });
    await assert.rejects(store.jobs.cancel(newJob().id), { code: 'not-found' });
  });
}

function retrying(open: OpenDatabaseForTest): void {
  it('runs a failed job again from nothing, with a token that grew', async () => {
    await using database = await open();
    const { store } = database;
    await store.jobs.submit(newJob());
    const first = await claimOne(store);
    await store.attempts.end(ref(first), { result: 'failed', failure, outputFailures: { thumb: failure } });
    const next = await store.jobs.retry(first.job.id, 'ann');
    assert.equal(next.status, 'pending');
    assert.equal(next.run, 2);
    assert.equal(next.attempts, 0);
    assert.equal(next.startedAt, undefined);
    assert.equal(next.endedAt, undefined);
    assert.equal(next.failure, undefined);
    assert.deepEqual(next.outputs, first.job.outputs);
    const second = await claimOne(store);
    assert.equal(second.ranMs, 0);
    assert.ok(second.attempt > first.attempt);
    assert.equal(await store.attempts.end(ref(first), completed(first)), false);
    assert.equal(await store.attempts.end(ref(second), completed(second)), true);
  });

  it('runs a cancelled job again while its first worker still works, whose result is refused', async () => {
    await using database = await open();
    const { store } = database;
    await store.jobs.submit(newJob());
    const first = await claimOne(store);
    await store.jobs.cancel(first.job.id);
    await store.jobs.retry(first.job.id);
    assert.equal(await store.attempts.end(ref(first), completed(first)), false);
    const second = await claimOne(store);
    assert.equal(await store.attempts.end(ref(first), failed), false);
    assert.equal(await store.attempts.end(ref(second), completed(second)), true);
    assert.equal((await store.jobs.get(first.job.id))?.status, 'complete');
  });

  it('refuses every other status', async () => {
    await using database = await open();
    const { store } = database;
    const { id } = await store.jobs.submit(newJob());
    await assert.rejects(store.jobs.retry(id), { code: 'job-not-retryable' });
    const claim = await claimOne(store);
    await assert.rejects(store.jobs.retry(id), { code: 'job-not-retryable' });
    await store.attempts.end(ref(claim), completed(claim));
    await assert.rejects(store.jobs.retry(id), { code: 'job-not-retryable' });
    await assert.rejects(store.jobs.retry(newJob().id), { code: 'not-found' });
  });
}

function newestOutput(open: OpenDatabaseForTest): void {
  it('is the newest complete one of that name and owner', async () => {
    await using database = await open();
    const { store } = database;
    assert.equal(await store.jobs.newestOutput('ann', 'thumb_cat.jpg'), undefined);
    await completeJob(store);
    const newest = await completeJob(store);
    await completeJob(store, { owner: 'bob' });
    await store.jobs.submit(newJob());
    const pending = await claimOne(store);
    await store.attempts.end(ref(pending), failed);
    const hit = found(await store.jobs.newestOutput('ann', 'thumb_cat.jpg'));
    assert.deepEqual(hit.job, newest);
    assert.deepEqual(hit.output, newest.outputs[0]);
    assert.equal(hit.output.stored?.key, `jobs/${newest.id}/1/thumb`);
    assert.equal(await store.jobs.newestOutput('ann', 'thumb_dog.jpg'), undefined);
  });
}
