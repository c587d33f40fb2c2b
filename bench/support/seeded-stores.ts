import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import type { OpenJobStore } from '../../src/job-store/open-job-store.ts';
import { PostgresServer } from '../../test/support/servers/postgres.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { openPostgresAt, openSqliteIn } from './open-stores.ts';
import { postgresWords, type Seed, seedJobs, sqliteWords } from './seed-jobs.ts';

/** Job stores with jobs in them, each in a place of its own that goes with it. */
export const seededStores = { SQLite: seededSqlite, Postgres: seededPostgres };

type SeededStore = OpenJobStore & AsyncDisposable;

async function seededSqlite(seed: Seed): Promise<SeededStore> {
  await using cleanup = new AsyncDisposableStack();
  const folder = cleanup.use(await temporaryFolder()).path;
  const store = cleanup.adopt(await openSqliteIn(folder), opened => opened.close());
  using database = new DatabaseSync(path.join(folder, 'jobs.db'));
  for (const statement of seedJobs(sqliteWords, seed)) database.exec(statement);
  return closedBy(store, cleanup.move());
}

/** It does not wait for the disk: the time of that is the same in every state, and would hide the rest. */
async function seededPostgres(seed: Seed): Promise<SeededStore> {
  await using cleanup = new AsyncDisposableStack();
  const server = cleanup.use(await PostgresServer.start());
  const url = await server.createDatabase('seeded');
  const store = cleanup.adopt(await openPostgresAt(url), opened => opened.close());
  const client = new pg.Client(url);
  await client.connect();
  for (const statement of seedJobs(postgresWords, seed)) await client.query(statement);
  await client.end();
  return closedBy(store, cleanup.move());
}

function closedBy(store: OpenJobStore, cleanup: AsyncDisposableStack): SeededStore {
  return { ...store, [Symbol.asyncDispose]: () => cleanup.disposeAsync() };
}
