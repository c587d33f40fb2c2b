import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { AttemptEnd, Claim } from '../../src/jobs/attempt-store.ts';
import type { NewJob } from '../../src/jobs/job.ts';
import {
  completed,
  failed,
  failure,
  found,
  minute,
  newJob,
  type OpenDatabaseForTest,
  ref,
  requeued,
  submitAll,
} from '../support/stored-jobs.ts';

/** A job store may do what is asked at the same time together, but answers each for itself. */
export function callsAtOnce(open: OpenDatabaseForTest): void {
  it('submit each job by itself: those that fail leave nothing behind', async () => {
    await using database = await open();
    const { jobs, events } = database.store;
    const submitted = [twiceTheSameOutput(), newJob(), twiceTheSameOutput(), newJob(), fromNoUpload()];
    const answers = await Promise.allSettled(submitted.map(job => jobs.submit(job)));
    const works = ['rejected', 'fulfilled', 'rejected', 'fulfilled', 'rejected'];
    assert.deepEqual(
      answers.map(answer => answer.status),
      works,
    );
    const jobsThere = await Promise.all(submitted.map(job => jobs.get(job.id)));
    assert.deepEqual(
      jobsThere.map(job => (job === undefined ? 'rejected' : 'fulfilled')),
      works,
    );
    assert.equal((await events.after(0, {}, 10)).length, 2);
  });

  it('count every job that names an upload', async () => {
    await using database = await open();
    const { jobs, attempts, uploads } = database.store;
    const upload = newJob().id;
    await uploads.create({ id: upload, owner: 'ann', filename: 'cat.jpg' });
    const ofUpload = () => newJob({ source: { upload, filename: 'cat.jpg' } });
    await Promise.all([jobs.submit(ofUpload()), jobs.submit(ofUpload())]);
    const claims = await attempts.claim('worker', 2, minute);
    await Promise.all(
      claims.map(claim => attempts.end(ref(claim), { result: 'failed', failure, refused: true })),
    );
    assert.deepEqual(await uploads.abandoned(minute, 10), [], 'the other job names it');
  });

  it('end each attempt in its own way', async () => {
    await using database = await open();
    const { store } = database;
    const { attempts } = store;
    await submitAll(
      store,
      Array.from({ length: 5 }, () => newJob()),
    );
    const claims = await attempts.claim('worker', 5, minute);
    const ends = [completed, () => failed, () => requeued(true, minute), completed, withoutOutputs];
    await store.jobs.cancel(found(claims[3]).job.id);
    const answers = await Promise.allSettled(
      claims.map((claim, index) => attempts.end(ref(claim), found(ends[index])(claim))),
    );
    assert.deepEqual(
      answers.map(answer => (answer.status === 'fulfilled' ? answer.value : 'rejected')),
      [true, true, true, false, 'rejected'],
    );
    const jobs = await Promise.all(claims.map(claim => store.jobs.get(claim.job.id)));
    assert.deepEqual(
      jobs.map(job => [job?.status, job?.attempts, job?.progress, job?.outputs[0]?.status]),
      [
        ['complete', 1, 1, 'complete'],
        ['failed', 1, 0, 'failed'],
        ['pending', 1, 0, 'pending'],
        ['cancelled', 0, 0, 'pending'],
        ['processing', 0, 0, 'pending'],
      ],
    );
    assert.deepEqual(found(jobs[0]).outputs[0]?.stored, storedOf(found(claims[0])));
    assert.deepEqual(found(jobs[1]).failure, failure);
    const told = await store.events.after(0, {}, 100);
    assert.equal(told.length, 5 + 5 + 1 + 3, 'submitted, claimed, cancelled, ended');
  });
}

function storedOf(claim: Claim) {
  const end = completed(claim);
  return end.result === 'complete' ? end.outputs[0] : undefined;
}

/** Fails after its attempt's row was written. */
function withoutOutputs(): AttemptEnd {
  return { result: 'complete', outputs: [], read: { bytes: 0, pixels: 0 } };
}

/** Fails after its job's row was written. */
function twiceTheSameOutput(): NewJob {
  const { outputs } = newJob();
  return newJob({ outputs: [...outputs, ...outputs] });
}

function fromNoUpload(): NewJob {
  return newJob({ source: { upload: 'nowhere', filename: 'cat.jpg' } });
}
