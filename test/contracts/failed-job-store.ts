import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { OpenJobStore } from '../../src/job-store/open-job-store.ts';
import type { FailedJobFilter } from '../../src/jobs/failed-job-store.ts';
import type { NewJob } from '../../src/jobs/job.ts';
import {
  claimOne,
  completeJob,
  failed,
  failure,
  found,
  newJob,
  type OpenDatabaseForTest,
  ref,
} from '../support/stored-jobs.ts';

/** What every job store must do for jobs that failed, whatever database it is on. */
export function failedJobStoreContract(open: OpenDatabaseForTest): void {
  it('finds the failed jobs that fit, oldest first', async () => {
    await using database = await open();
    const { store } = database;
    const first = await failOne(store, { class: 'a' });
    await completeJob(store);
    const second = await failOne(store, {}, 'source-unavailable');
    const third = await failOne(store, { owner: 'bob' });
    const ids = async (filter: FailedJobFilter) => {
      const { jobs, nextCursor } = await store.failedJobs.page(filter);
      assert.equal(nextCursor, undefined);
      return jobs.map(({ id }) => id);
    };
    assert.deepEqual(await ids({}), [first, second, third]);
    assert.deepEqual(await ids({ owner: 'ann' }), [first, second]);
    assert.deepEqual(await ids({ owner: 'ann', class: 'a' }), [first]);
    assert.deepEqual(await ids({ codes: ['source-unavailable', 'worker-lost'] }), [second]);
    const { submittedAt } = found(await store.jobs.get(second));
    assert.ok((await ids({ from: submittedAt })).includes(second));
    assert.ok(!(await ids({ to: submittedAt })).includes(second));
    const [job] = (await store.failedJobs.page({})).jobs;
    assert.deepEqual(job?.source, newJob().source);
  });

  it('goes through thousands in pages, also where none of a page fits', async () => {
    await using database = await open();
    const { store } = database;
    for (let count = 0; count < 600; count++) await failOne(store, count === 599 ? { class: 'last' } : {});
    const all: string[] = [];
    const pages: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.failedJobs.page({ class: 'last' }, cursor);
      pages.push(page.jobs.length);
      all.push(...page.jobs.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    assert.equal(all.length, 1);
    assert.ok(pages.length > 1 && pages[0] === 0);
  });

  it('runs those again that are still failed, and tells of it', async () => {
    await using database = await open();
    const { store } = database;
    const [again, elsewhere] = [await failOne(store), await failOne(store)];
    const done = await completeJob(store);
    await store.jobs.retry(elsewhere);
    const newest = await store.events.newest();
    assert.equal(await store.failedJobs.retry([again, elsewhere, done.id]), 1);
    const job = found(await store.jobs.get(again));
    assert.deepEqual([job.status, job.run, job.attempts, job.failure], ['pending', 2, 0, undefined]);
    assert.ok(job.outputs.every(output => output.status === 'pending' && output.failure === undefined));
    assert.deepEqual(
      (await store.events.after(newest, {}, 10)).map(({ jobId, status }) => [jobId, status]),
      [[again, 'pending']],
    );
    assert.equal(found(await store.jobs.get(done.id)).status, 'complete');
    assert.equal((await claimOne(store)).attempt, 2);
    assert.equal(await store.failedJobs.retry([]), 0);
  });

  it('shows the newest tries of each job', async () => {
    await using database = await open();
    const { store } = database;
    const id = await failOne(store);
    const other = await failOne(store);
    for (let run = 2; run <= 25; run++) {
      await store.failedJobs.retry([id]);
      await store.attempts.end(ref(await claimOne(store)), failed);
    }
    const { tries } = found(await store.jobs.get(id));
    assert.deepEqual(
      tries.map(({ attempt, run, result }) => [attempt, run, result]),
      Array.from({ length: 20 }, (_, index) => [index + 6, index + 6, 'failed']),
    );
    assert.deepEqual(tries[0]?.failure, failure);
    const page = await store.jobs.list({ status: 'failed' }, { limit: 10 });
    assert.deepEqual(
      page.jobs.map(job => [job.id, job.tries.length]),
      [
        [other, 1],
        [id, 20],
      ],
    );
  });
}

/** The id of a new job that failed. */
async function failOne(
  store: OpenJobStore,
  changes: Partial<NewJob> = {},
  code = failure.code,
): Promise<string> {
  const { id } = await store.jobs.submit(newJob(changes));
  const claim = await claimOne(store);
  assert.equal(claim.job.id, id);
  await store.attempts.end(ref(claim), { result: 'failed', failure: { code, message: failure.message } });
  return id;
}
