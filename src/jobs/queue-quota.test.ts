import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { eventually } from '../../test/support/eventually.ts';
import { openTestSqlite } from '../../test/support/sqlite-file.ts';
import { claimOne, newJob } from '../../test/support/stored-jobs.ts';
import type { JobStore } from './job-store.ts';
import { QueueQuota } from './queue-quota.ts';

async function submit(quota: QueueQuota, jobs: JobStore, owner = 'ann'): Promise<boolean> {
  try {
    using place = await quota.reserve(owner);
    await jobs.submit(newJob({ owner }));
    place.taken();
    return true;
  } catch (error) {
    assert.equal((error as { code: string }).code, 'queue-full');
    assert.ok((error as { retryAfter: number }).retryAfter > 0);
    return false;
  }
}

test('lets as many jobs wait as may, also when all come at once', async () => {
  await using database = await openTestSqlite();
  const { jobs } = database.store;
  const quota = new QueueQuota(jobs, { jobs: 1_000, jobsPerOwner: 20 });
  const accepted = await Promise.all(Array.from({ length: 100 }, () => submit(quota, jobs)));
  assert.equal(accepted.filter(Boolean).length, 20);
  assert.equal(await jobs.queued(1_000, 'ann'), 20);
  assert.equal(await submit(quota, jobs, 'bob'), true);
});

test('counts what was there before, and jobs that wait for their time', async () => {
  await using database = await openTestSqlite();
  const { jobs } = database.store;
  await jobs.submit(newJob({ notBefore: Date.now() + 1e9 }));
  const quota = new QueueQuota(jobs, { jobs: 1_000, jobsPerOwner: 2 });
  assert.deepEqual([await submit(quota, jobs), await submit(quota, jobs)], [true, false]);
});

test('has a limit for all owners together', async () => {
  await using database = await openTestSqlite();
  const { jobs } = database.store;
  const quota = new QueueQuota(jobs, { jobs: 30, jobsPerOwner: 10 });
  const owners = Array.from({ length: 100 }, (_, index) => `owner-${index % 20}`);
  const accepted = await Promise.all(owners.map(owner => submit(quota, jobs, owner)));
  assert.equal(accepted.filter(Boolean).length, 30);
});

test('takes more as soon as jobs start, and sees what others have added', async () => {
  await using database = await openTestSqlite();
  const { jobs } = database.store;
  const quota = new QueueQuota(jobs, { jobs: 1_000, jobsPerOwner: 2 });
  assert.deepEqual([await submit(quota, jobs), await submit(quota, jobs)], [true, true]);
  await claimOne(database.store);
  await eventually(() => submit(quota, jobs), 'the queue has room again', 2_000);
  await claimOne(database.store);
  await jobs.submit(newJob());
  await eventually(async () => !(await submit(quota, jobs)), 'the queue is full', 3_000);
});

test('gives the place back when a submission fails', async () => {
  await using database = await openTestSqlite();
  const { jobs } = database.store;
  const quota = new QueueQuota(jobs, { jobs: 1_000, jobsPerOwner: 1 });
  for (let i = 0; i < 10; i++) {
    using _place = await quota.reserve('ann');
    await setImmediate();
  }
  assert.equal(await submit(quota, jobs), true);
});
