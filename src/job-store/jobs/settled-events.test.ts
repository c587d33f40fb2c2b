import assert from 'node:assert/strict';
import type { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { Kysely } from 'kysely';
import { temporaryFile } from '../../../test/support/sqlite-file.ts';
import { migrate } from '../migrate.ts';
import { GroupedTransactions } from '../sqlite/grouped-transactions.ts';
import { openDatabase } from '../sqlite/sqlite-database.ts';
import { sqliteDialect } from '../sqlite/sqlite-dialect.ts';
import { kyselyDialect } from '../sqlite/sqlite-driver.ts';
import type { Tables } from '../tables.ts';
import { SqlEventLog } from './sql-event-log.ts';

/** As on a database whose transactions become visible in any order; SQLite plays it by rows that come late. */
async function openLog() {
  const folder = await temporaryFile();
  const database: DatabaseSync = openDatabase(folder.file);
  const db = new Kysely<Tables>({ dialect: kyselyDialect(database, new GroupedTransactions(database)) });
  await migrate(db, sqliteDialect);
  const log = new SqlEventLog(db, { ...sqliteDialect, commitsInOrder: false });
  const insert = database.prepare(
    `insert into events (position, job_id, owner, status, run, at)
     values (?, 'job', 'ann', 'pending', 1, unixepoch('subsec') * 1000 - ?)`,
  );
  return {
    log,
    /** Makes these events visible. */
    commit: (positions: readonly number[], ageMs = 0) => {
      for (const position of positions) insert.run(position, ageMs);
    },
    told: async (after = 0) =>
      (await log.after(after, { owner: 'ann' }, 100)).map(({ position }) => position),
    async [Symbol.asyncDispose]() {
      database.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

test('nothing is told beyond a gap that may still be filled', async () => {
  await using events = await openLog();
  events.commit([1, 2, 4, 5]);
  assert.deepEqual(await events.told(), [1, 2]);
  assert.equal(await events.log.newest(), 2);
  events.commit([3, 7]);
  assert.deepEqual(await events.told(2), [3, 4, 5]);
  assert.deepEqual(await events.told(5), []);
  events.commit([6]);
  assert.deepEqual(await events.told(5), [6, 7]);
  assert.equal(await events.log.newest(), 7);
});

test('a gap that was not filled in time is taken for a transaction that was rolled back', async () => {
  await using events = await openLog();
  events.commit([1, 2], 60_000);
  events.commit([5, 6], 10_000);
  events.commit([7, 9]);
  assert.deepEqual(await events.told(), [1, 2, 5, 6, 7]);
});

test('the log may begin anywhere, as after old events were dropped', async () => {
  await using events = await openLog();
  events.commit([100, 101], 60_000);
  events.commit([102, 104]);
  assert.deepEqual(await events.told(), [100, 101, 102]);
});
