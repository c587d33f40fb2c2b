import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../../test/support/eventually.ts';
import { openTestSqlite } from '../../../test/support/sqlite-file.ts';
import type { LeaseStore } from '../../jobs/lease-store.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { BackfillSchedule } from './backfill-schedule.ts';

const { signal } = new AbortController();
const everySeconds = 3;

test('runs once at each of its times, however many processes ask', async () => {
  await using database = await openTestSqlite();
  const runs: string[] = [];
  const schedules = [database.store, await database.again()].map((store, index) =>
    schedule(store.leases, `*/${everySeconds} * * * * *`, `process ${index}`, runs),
  );
  const start = Date.now();
  await eventually(async () => {
    await Promise.all(schedules.map(each => each.runIfDue(signal)));
    return runs.length >= 6;
  }, 'it ran three times');
  const [first, last] = [start, Date.now()].map(ms => Math.floor(ms / 1000 / everySeconds));
  // One had passed before.
  const times = (last ?? 0) - (first ?? 0) + 1;
  assert.ok(runs.length / 2 <= times, `${runs.length / 2} runs at ${times} times`);
  assert.deepEqual(runs.slice(0, 2), ['channel', 'episode']);
});

test('stays due when it failed, and when it was broken off', async () => {
  await using database = await openTestSqlite();
  const runs: string[] = [];
  const everyMinute = schedule(
    database.store.leases,
    '* * * * *',
    'one',
    runs,
    new Error('MongoDB is away.'),
  );
  await assert.rejects(everyMinute.runIfDue(signal), /away/);
  assert.deepEqual(runs, ['channel', 'episode'], 'the others are tried all the same');
  await assert.rejects(everyMinute.runIfDue(signal), /away/);
  const other = schedule(database.store.leases, '* * * * *', 'other', runs);
  await other.runIfDue(AbortSignal.abort());
  runs.length = 0;
  await other.runIfDue(signal);
  await other.runIfDue(signal);
  assert.ok(runs.length === 2 || runs.length === 4, 'once, or twice when a minute ended meanwhile');
});

test('is not due before its first time', async () => {
  await using database = await openTestSqlite();
  const runs: string[] = [];
  const inHalfAYear = `0 0 1 ${((new Date().getMonth() + 6) % 12) + 1} *`;
  await schedule(database.store.leases, inHalfAYear, 'one', runs).runIfDue(signal);
  assert.deepEqual(runs, []);
});

function schedule(
  leases: LeaseStore,
  times: string,
  holder: string,
  runs: string[],
  fault?: Error,
): BackfillSchedule {
  const backfill = {
    run: async (collection: string) => {
      runs.push(collection);
      if (fault) throw fault;
      return { documents: 0, images: 0, underWay: 0 };
    },
  };
  const collections = ['channel', 'episode'];
  return new BackfillSchedule({
    backfill,
    collections,
    schedule: times,
    leases,
    holder,
    logger: createLogger('silent'),
  });
}
