import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { OpenJobStore } from '../../src/job-store/open-job-store.ts';
import type { Job } from '../../src/jobs/job.ts';
import type { JobFilter, JobStore } from '../../src/jobs/job-store.ts';
import {
  claimOne,
  completed,
  failed,
  found,
  minute,
  newJob,
  type OpenDatabaseForTest,
  ref,
  requeued,
  submitAll,
} from '../support/stored-jobs.ts';

/** How jobs are listed: in pages, newest first, with every filter. */
export function jobList(open: OpenDatabaseForTest): void {
  it('pages newest first, and stays the same while jobs are added', async () => {
    await using database = await open();
    const { store } = database;
    const ids = await submitAll(
      store,
      Array.from({ length: 25 }, () => newJob()),
    );
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.jobs.list({ owner: 'ann' }, { limit: 10, ...(cursor && { cursor }) });
      seen.push(...page.jobs.map(job => job.id));
      cursor = page.nextCursor;
      await store.jobs.submit(newJob());
    } while (cursor !== undefined);
    assert.deepEqual(seen, ids.toReversed());
  });

  it('has no cursor on the last page, full or not', async () => {
    await using database = await open();
    const { store } = database;
    assert.deepEqual(await store.jobs.list({}, { limit: 5 }), { jobs: [] });
    await submitAll(
      store,
      Array.from({ length: 5 }, () => newJob()),
    );
    const page = await store.jobs.list({}, { limit: 5 });
    assert.equal(page.jobs.length, 5);
    assert.equal(page.nextCursor, undefined);
  });

  it('ends a page early that holds much, and goes on from there', async () => {
    await using database = await open();
    const { store } = database;
    const much = { metadata: { note: 'é'.repeat(100_000) } };
    const ids = await submitAll(
      store,
      Array.from({ length: 12 }, (_, i) =>
        newJob(i === 3 ? { metadata: { note: 'x'.repeat(2_000_000) } } : much),
      ),
    );
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.jobs.list({}, { limit: 200, ...(cursor && { cursor }) });
      const bytes = Buffer.byteLength(JSON.stringify(page.jobs));
      assert.ok(page.jobs.length === 1 || bytes <= 1_048_576, `${page.jobs.length} jobs, ${bytes} bytes`);
      seen.push(...page.jobs.map(job => job.id));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    assert.deepEqual(seen, ids.toReversed());
  });

  it('refuses a foreign cursor', async () => {
    await using database = await open();
    const foreign = ['', 'x', 'e30', Buffer.from('1.2').toString('base64url'), "' or 1=1"];
    for (const cursor of foreign) {
      await assert.rejects(database.store.jobs.list({}, { cursor, limit: 5 }), {
        code: 'invalid-request',
        pointer: '/cursor',
      });
    }
  });

  it('filters by every condition and their combinations', async () => {
    await using database = await open();
    const { store } = database;
    const all = await variedJobs(store);
    const middle = found(all[4]).submittedAt;
    const choices = {
      owner: [undefined, 'ann', 'bob', 'nobody'],
      status: [undefined, 'pending', 'failed', 'complete'],
      class: [undefined, 'a', 'none'],
      from: [undefined, middle],
      to: [undefined, middle + 1],
    } as const;
    for (const filter of combinations(choices)) {
      const expected = all.filter(job => matches(job, filter)).map(job => job.id);
      assert.deepEqual(await everyPage(filter, store.jobs), expected.toReversed(), JSON.stringify(filter));
    }
  });
}

/** Every filter that takes one choice for each condition; undefined leaves the condition out. */
function combinations(choices: Record<string, readonly unknown[]>): JobFilter[] {
  return Object.entries(choices).reduce<JobFilter[]>(
    (filters, [name, values]) =>
      filters.flatMap(filter =>
        values.map(value => (value === undefined ? filter : { ...filter, [name]: value })),
      ),
    [{}],
  );
}

async function everyPage(filter: JobFilter, jobs: JobStore): Promise<string[]> {
  const ids = [];
  let cursor: string | undefined;
  do {
    const page = await jobs.list(filter, { limit: 3, ...(cursor && { cursor }) });
    ids.push(...page.jobs.map(job => job.id));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return ids;
}

/** Jobs of two owners in several classes and states, oldest first. */
async function variedJobs(store: OpenJobStore): Promise<Job[]> {
  const ids = await submitAll(
    store,
    Array.from({ length: 12 }, (_, i) =>
      newJob({ owner: i % 2 ? 'ann' : 'bob', ...(i % 3 && { class: i % 3 === 1 ? 'a' : 'b' }) }),
    ),
  );
  for (let i = 0; i < 8; i++) {
    const claim = await claimOne(store);
    const end = [completed(claim), failed, requeued(true, minute)][i % 3] ?? failed;
    await store.attempts.end(ref(claim), end);
  }
  return Promise.all(ids.map(async id => found(await store.jobs.get(id))));
}

function matches(job: Job, filter: JobFilter): boolean {
  return (
    (filter.owner === undefined || job.owner === filter.owner) &&
    (filter.status === undefined || job.status === filter.status) &&
    (filter.class === undefined || job.class === filter.class) &&
    (filter.from === undefined || job.submittedAt >= filter.from) &&
    (filter.to === undefined || job.submittedAt < filter.to)
  );
}
