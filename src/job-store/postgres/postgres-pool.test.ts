import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import pg from 'pg';
import { PostgresServer } from '../../../test/support/servers/postgres.ts';
import { realServer } from '../../../test/support/servers/real-server.ts';
import { newJob } from '../../../test/support/stored-jobs.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { openPostgres } from './postgres.ts';
import { openPool } from './postgres-pool.ts';

const server = await realServer('connections to Postgres', () => PostgresServer.start());

if (server !== undefined) {
  describe('connections to Postgres', () => {
    after(() => server[Symbol.asyncDispose]());

    it('that break in the middle of a transaction fail its next statement, and nothing else', async () => {
      const url = await server.createDatabase('broken');
      const pool = openPool({ url, directUrl: url, connections: 2, logger: createLogger('silent') });
      const client = await pool.connect();
      await client.query('begin', []);
      const [{ pid } = { pid: 0 }] = (
        await client.query<{ pid: number }>('select pg_backend_pid() as pid', [])
      ).rows;
      await endBackend(url, pid);
      await assert.rejects(client.query('select 1', []));
      client.release();
      const next = await pool.connect();
      assert.deepEqual((await next.query('select 1 as one', [])).rows, [{ one: 1 }]);
      next.release();
      await pool.end();
    });

    it('go on when the tables of statements that they keep have changed', async () => {
      const url = await server.createDatabase('changed');
      const store = openPostgres({ url, directUrl: url, connections: 3, logger: createLogger('silent') });
      await store.migrate();
      const { id } = await store.jobs.submit(newJob());
      const askOnAll = () => Promise.all([1, 2, 3].map(() => store.jobs.get(id)));
      await askOnAll();
      await execute(url, 'alter table jobs add column later text');
      for (const job of await askOnAll()) assert.equal(job?.id, id);
      await store.close();
    });

    it('refuse texts that Postgres can’t hold', async () => {
      const url = await server.createDatabase('texts');
      const store = openPostgres({ url, directUrl: url, connections: 1, logger: createLogger('silent') });
      await store.migrate();
      for (const text of ['nul \0', 'half a cat \ud83d']) {
        await assert.rejects(store.jobs.submit(newJob({ class: text })), { code: 'invalid-request' });
      }
      await store.close();
    });
  });
}

/** Resolves when the server has ended it. */
function endBackend(url: string, pid: number): Promise<void> {
  return execute(url, `select pg_terminate_backend(${pid}, 10000)`);
}

/** On a connection of its own. */
async function execute(url: string, text: string): Promise<void> {
  const other = new pg.Client({ connectionString: url });
  await other.connect();
  await other.query(text);
  await other.end();
}
