import { after, describe } from 'node:test';
import { openJobStoreContract } from '../../../test/contracts/open-job-store.ts';
import { openTestPostgres } from '../../../test/support/postgres-database.ts';
import { PostgresServer } from '../../../test/support/servers/postgres.ts';
import { realServer } from '../../../test/support/servers/real-server.ts';

const server = await realServer('the job store on Postgres', () => PostgresServer.start());

if (server !== undefined) {
  describe('the job store on Postgres', () => {
    after(() => server[Symbol.asyncDispose]());
    openJobStoreContract(openTestPostgres(server));
  });
}
