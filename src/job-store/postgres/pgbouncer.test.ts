import { after, describe } from 'node:test';
import { callsAtOnce } from '../../../test/contracts/calls-at-once.ts';
import { claimRaces } from '../../../test/contracts/claim-races.ts';
import { deliveryStoreContract } from '../../../test/contracts/delivery-store.ts';
import { eventLogContract } from '../../../test/contracts/event-log.ts';
import { jobStoreContract } from '../../../test/contracts/job-store.ts';
import { openTestPostgres } from '../../../test/support/postgres-database.ts';
import { startPgBouncer } from '../../../test/support/servers/pgbouncer.ts';
import { PostgresServer } from '../../../test/support/servers/postgres.ts';
import { realServer } from '../../../test/support/servers/real-server.ts';

const servers = await realServer('the job store on Postgres behind PgBouncer', async () => {
  const server = await PostgresServer.start();
  return { server, pooler: await startPgBouncer(server) };
});

if (servers !== undefined) {
  const { server, pooler } = servers;
  describe('the job store on Postgres behind PgBouncer, with transaction pooling', () => {
    after(async () => {
      await pooler[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    });
    // Of the contract what a pooler could break: transactions that meet, and news between processes.
    const open = openTestPostgres(server, pooler);
    describe('jobs', () => jobStoreContract(open));
    describe('races', () => claimRaces(open));
    describe('calls at the same time', () => callsAtOnce(open));
    describe('events', () => eventLogContract(open));
    describe('deliveries', () => deliveryStoreContract(open));
  });
}
