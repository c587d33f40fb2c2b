import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import pg from 'pg';
import { PostgresServer } from '../../../test/support/servers/postgres.ts';
import { realServer } from '../../../test/support/servers/real-server.ts';
import { createLogger } from '../../telemetry/logger.ts';
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
  });
}

/** Resolves when the server has ended it. */
async function endBackend(url: string, pid: number): Promise<void> {
  const other = new pg.Client({ connectionString: url });
  await other.connect();
  await other.query('select pg_terminate_backend($1, 10000)', [pid]);
  await other.end();
}
