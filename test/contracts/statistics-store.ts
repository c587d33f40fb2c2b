import assert from 'node:assert/strict';
import { it } from 'node:test';
import { intervalsOf } from '../../src/jobs/intervals.ts';
import type { StatisticsFilter, StatisticsRow } from '../../src/jobs/statistics-store.ts';
import {
  claimOne,
  completeJob,
  failed,
  leasesExpire,
  minute,
  newJob,
  type OpenDatabase,
  type OpenDatabaseForTest,
  ref,
} from '../support/stored-jobs.ts';

const hour = 60 * minute;
/** The time of every test, whatever the hour strikes meanwhile. */
const now = () => intervalsOf('month', Date.now() - hour, Date.now() + hour);

/** What every job store must do for statistics, whatever database it is on. */
export function statisticsStoreContract(open: OpenDatabaseForTest): void {
  it('counts each end of a run, before and after they are added up', async () => {
    await using database = await open();
    const { store } = database;
    await completeJob(store);
    await completeJob(store);
    const { id } = await store.jobs.submit(newJob());
    await store.attempts.end(ref(await claimOne(store)), failed);
    await store.jobs.retry(id);
    await store.attempts.end(ref(await claimOne(store)), failed);
    await store.jobs.cancel((await store.jobs.submit(newJob())).id);
    await store.jobs.submit(newJob());
    await claimOne(store, 1);
    await leasesExpire(store, 1);

    const before = await rows(database);
    assert.deepEqual(before.map(told), ['ann cancelled 1', 'ann complete 2', 'ann failed 3']);
    const { waitedMs, ranMs, ...complete } = before[1] as StatisticsRow;
    assert.deepEqual(complete, {
      start: before[0]?.start,
      owner: 'ann',
      status: 'complete',
      jobs: 2,
      bytesRead: 100_000,
      bytesStored: 8_000,
      pixelsRead: 960_000,
      pixelsStored: 16_000,
    });
    assert.ok(waitedMs >= 0 && waitedMs < minute && ranMs >= 0 && ranMs < minute);
    assert.deepEqual([before[2]?.bytesRead, before[2]?.pixelsStored], [0, 0]);

    assert.equal(await store.statistics.addUp(), 6);
    assert.equal(await store.statistics.addUp(), 0);
    assert.deepEqual(await rows(database), before);
    await completeJob(store, { class: 'x' });
    assert.deepEqual((await rows(database)).map(told), ['ann cancelled 1', 'ann complete 3', 'ann failed 3']);
    await store.statistics.addUp();
    assert.deepEqual((await rows(database)).map(told), ['ann cancelled 1', 'ann complete 3', 'ann failed 3']);
  });

  it('keeps owners and classes apart', async () => {
    await using database = await open();
    const { store } = database;
    for (const owner of ['bob', 'ann']) await completeJob(store, { owner, class: 'x' });
    await completeJob(store, { owner: 'ann' });
    for (const addUp of [false, true]) {
      if (addUp) await store.statistics.addUp();
      assert.deepEqual((await rows(database)).map(told), ['ann complete 2', 'bob complete 1']);
      assert.deepEqual((await rows(database, { owner: 'ann' })).map(told), ['ann complete 2']);
      assert.deepEqual((await rows(database, { class: 'x' })).map(told), [
        'ann complete 1',
        'bob complete 1',
      ]);
      assert.deepEqual((await rows(database, { owner: 'carol' })).map(told), []);
    }
  });

  it('gives pages, and nothing outside the intervals', async () => {
    await using database = await open();
    const { store } = database;
    for (const owner of ['ann', 'bob', 'carol']) await completeJob(store, { owner });
    await store.statistics.addUp();
    await completeJob(store, { owner: 'dan' });
    const names: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.statistics.list({}, now(), {
        limit: 1,
        ...(cursor !== undefined && { cursor }),
      });
      names.push(...page.rows.map(({ owner }) => owner));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    assert.deepEqual(names, ['ann', 'bob', 'carol', 'dan']);
    const past = intervalsOf('hour', Date.now() - 50 * hour, Date.now() - 2 * hour);
    assert.deepEqual(await store.statistics.list({}, past, { limit: 10 }), { rows: [] });
    const invalid = store.statistics.list({}, past, { limit: 10, cursor: 'x' });
    await assert.rejects(invalid, { code: 'invalid-request', pointer: '/cursor' });
  });

  it('drops hours that are too old', async () => {
    await using database = await open();
    const { store } = database;
    await completeJob(store);
    await store.statistics.addUp();
    assert.equal(await store.statistics.prune(2 * hour), 0);
    assert.equal(await store.statistics.prune(-2 * hour), 1);
    assert.deepEqual(await rows(database), []);
  });
}

async function rows(
  { store }: OpenDatabase,
  filter: StatisticsFilter = {},
): Promise<readonly StatisticsRow[]> {
  return (await store.statistics.list(filter, now(), { limit: 100 })).rows;
}

function told({ owner, status, jobs }: StatisticsRow): string {
  return `${owner} ${status} ${jobs}`;
}
