import { openPostgres } from '../../src/job-store/postgres/postgres.ts';
import { openPostgresTables } from '../../src/job-store/postgres/postgres-tables.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import type { PgBouncer } from './servers/pgbouncer.ts';
import type { PostgresServer } from './servers/postgres.ts';
import type { OpenDatabaseForTest } from './stored-jobs.ts';

let databases = 0;

/**
 * A migrated database of one test's own, on a server that many tests share.
 * @param pooler in front of it, if there is one
 */
export function openTestPostgres(server: PostgresServer, pooler?: PgBouncer): OpenDatabaseForTest {
  return async () => {
    databases += 1;
    const name = `test_${databases}`;
    const directUrl = await server.createDatabase(name);
    const url = pooler?.url(name) ?? directUrl;
    await using cleanup = new AsyncDisposableStack();
    const again = (stack: AsyncDisposableStack) => {
      const options = { url, directUrl, connections: 4, logger: createLogger('silent') };
      return stack.adopt(openPostgres(options), opened => opened.close());
    };
    const store = again(cleanup);
    await store.migrate();
    const kept = cleanup.move();
    return {
      store,
      again: async () => again(kept),
      tables: async () => kept.adopt(await openPostgresTables(directUrl, false), opened => opened.close()),
      [Symbol.asyncDispose]: () => kept.disposeAsync(),
    };
  };
}
