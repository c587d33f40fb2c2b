import assert from 'node:assert/strict';
import { after } from 'node:test';
import { openTestPostgres } from '../support/postgres-database.ts';
import { PostgresServer } from '../support/servers/postgres.ts';
import { realServer } from '../support/servers/real-server.ts';
import { openTestSqlite } from '../support/sqlite-file.ts';
import {
  completed,
  found,
  minute,
  newJob,
  type OpenDatabaseForTest,
  ref,
  submitAll,
} from '../support/stored-jobs.ts';
import { fault } from './fault.ts';

const postgres = await realServer('races for a job on Postgres', () => PostgresServer.start());
after(() => postgres?.[Symbol.asyncDispose]());

raced('13', 'SQLite', openTestSqlite);
if (postgres !== undefined) raced('13 Postgres', 'Postgres', openTestPostgres(postgres));

/** Eight claims at once, over four connections, for the only job that there is. */
function raced(row: string, name: string, open: OpenDatabaseForTest): void {
  const sizes = { inTests: { races: 100 }, full: { races: 1_000 } };
  const text = { fault: `many workers on ${name} that race for one job`, mustShow: 'one winner each' };
  fault({ row, ...text, ...sizes }, async ({ races }, report) => {
    await using database = await open();
    const { store } = database;
    const stores = [store, await database.again(), await database.again(), await database.again()];
    const winners = new Map<string, number>();
    for (let race = 0; race < races; race += 1) {
      const [id = ''] = await submitAll(store, [newJob()]);
      const claiming = [...stores, ...stores].map((each, worker) =>
        each.attempts.claim(String(worker), 1, minute),
      );
      const all = await Promise.all(claiming);
      const claims = all.flat();
      assert.deepEqual(
        claims.map(({ job, attempt }) => [job.id, attempt]),
        [[id, 1]],
      );
      const claim = found(claims[0]);
      const winner = String(all.findIndex(each => each.length > 0));
      winners.set(winner, (winners.get(winner) ?? 0) + 1);
      assert.equal(await store.attempts.end(ref(claim), completed(claim)), true);
    }
    report('races', races);
    report('claims in each', stores.length * 2);
    report('winners in each', 1);
    report('different winners', winners.size);
  });
}
