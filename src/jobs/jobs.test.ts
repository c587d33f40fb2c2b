import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTestSqlite } from '../../test/support/sqlite-file.ts';
import { newGroup, newPart } from '../../test/support/stored-groups.ts';
import { claimOne } from '../../test/support/stored-jobs.ts';
import { Jobs } from './jobs.ts';

test('a cancel rings for the group that waited behind the cancelled job', async () => {
  await using database = await openTestSqlite();
  const { store } = database;
  const [first, second] = [newPart('image'), newPart('image')];
  const orderKey = 'sqs:images:one';
  await store.intake.submitGroups([first, second].map(job => newGroup({ jobs: [job], orderKey })));
  let rings = 0;
  const ring = () => {
    rings += 1;
  };
  const jobs = new Jobs(store.jobs, { ring }, { size: async () => undefined });
  await jobs.cancel(first.id);
  assert.equal(rings, 1);
  assert.equal((await claimOne(store)).job.id, second.id);
});
