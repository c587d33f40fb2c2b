import { after, describe } from 'node:test';
import { attemptStoreContract } from '../../test/contracts/attempt-store.ts';
import { eventLogContract } from '../../test/contracts/event-log.ts';
import { jobStoreContract } from '../../test/contracts/job-store.ts';
import { uploadStoreContract } from '../../test/contracts/upload-store.ts';
import { openTestPostgres } from '../../test/support/postgres-database.ts';
import { PostgresServer } from '../../test/support/servers/postgres.ts';
import { realServer } from '../../test/support/servers/real-server.ts';

const server = await realServer('the job store on Postgres', () => PostgresServer.start());

if (server !== undefined) {
  describe('the job store on Postgres', () => {
    after(() => server[Symbol.asyncDispose]());
    const open = openTestPostgres(server);
    describe('jobs', () => jobStoreContract(open));
    describe('attempts', () => attemptStoreContract(open));
    describe('uploads', () => uploadStoreContract(open));
    describe('events', () => eventLogContract(open));
  });
}
