import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { mountSmall } from '../../../test/support/small-file-system.ts';
import { openTestSqlite } from '../../../test/support/sqlite-file.ts';
import { newJob } from '../../../test/support/stored-jobs.ts';
import type { StoreChange } from '../../jobs/store-changes.ts';
import { openSqlite } from './sqlite.ts';

describe('calls at the same time', () => {
  it('happen in their order, and each sees what came before it', async () => {
    await using database = await openTestSqlite();
    const { jobs, events } = database.store;
    const job = newJob();
    const before = jobs.get(job.id);
    const submitted = jobs.submit(job);
    const between = jobs.get(job.id);
    const cancelled = jobs.cancel(job.id);
    const again = jobs.retry(job.id);
    const late = jobs.retry(job.id);
    await assert.rejects(late, { code: 'job-not-retryable' });
    const seen = await Promise.all([before, submitted, between, cancelled, again]);
    assert.deepEqual(
      seen.map(found => found?.status),
      [undefined, 'pending', 'pending', 'cancelled', 'pending'],
    );
    const told = await events.after(0, { jobId: job.id }, 10);
    assert.deepEqual(
      told.map(event => event.status),
      ['pending', 'cancelled', 'pending'],
    );
  });

  it('may be many', async () => {
    await using database = await openTestSqlite();
    const { jobs, events } = database.store;
    const ids = Array.from({ length: 200 }, () => newJob().id);
    const answers = await Promise.all(ids.map(id => jobs.submit(newJob({ id }))));
    assert.deepEqual(
      answers.map(job => job.id),
      ids,
    );
    const told = await events.after(0, {}, 500);
    assert.deepEqual(
      told.map(event => event.jobId),
      ids,
    );
  });

  it('all fail on a full disk, and go on when there is room', async t => {
    const root = await mountSmall(t, '4m');
    if (!root) return;
    await using cleanup = new AsyncDisposableStack();
    const store = cleanup.adopt(
      await openSqlite({ file: path.join(root, 'jobs.db'), exclusive: true }),
      opened => opened.close(),
    );
    await store.migrate();
    const told: StoreChange[] = [];
    store.changes.subscribe(change => told.push(change));
    await store.jobs.submit(newJob());
    await writeFile(path.join(root, 'filler'), Buffer.alloc(8_000_000)).catch(() => {});
    told.length = 0;
    const refused = Array.from({ length: 10 }, () => newJob({ metadata: { text: 'x'.repeat(30_000) } }));
    const asked = [...refused.map(job => store.jobs.submit(job)), store.jobs.backlog()];
    for (const answer of await Promise.allSettled(asked)) {
      assert.equal(answer.status, 'rejected');
      assert.equal(answer.reason.code, 'storage-unavailable');
    }
    assert.deepEqual(told, []);
    assert.deepEqual(await store.jobs.backlog(), { pending: 1, processing: 0 });
    await rm(path.join(root, 'filler'));
    await Promise.all(refused.map(job => store.jobs.submit(job)));
    assert.deepEqual(await store.jobs.backlog(), { pending: 11, processing: 0 });
  });
});
