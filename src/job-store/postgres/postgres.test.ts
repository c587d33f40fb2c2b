import { after, describe } from 'node:test';
import { groupMigrationContract } from '../../../test/contracts/group-migration.ts';
import { openJobStoreContract } from '../../../test/contracts/open-job-store.ts';
import { openTestPostgres } from '../../../test/support/postgres-database.ts';
import { PostgresServer } from '../../../test/support/servers/postgres.ts';
import { realServer } from '../../../test/support/servers/real-server.ts';
import { openPostgresTables } from './postgres-tables.ts';

const server = await realServer('the job store on Postgres', () => PostgresServer.start());

if (server !== undefined) {
  describe('the job store on Postgres', () => {
    after(() => server[Symbol.asyncDispose]());
    openJobStoreContract(openTestPostgres(server));
    groupMigrationContract(async () => {
      const tables = await openPostgresTables(await server.createDatabase('before_groups'), false);
      return { tables, [Symbol.asyncDispose]: () => tables.close() };
    });
  });
}
