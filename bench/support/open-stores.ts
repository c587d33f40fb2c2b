import path from 'node:path';
import type { OpenJobStore } from '../../src/job-store/open-job-store.ts';
import { openPostgres } from '../../src/job-store/postgres/postgres.ts';
import { openSqlite } from '../../src/job-store/sqlite/sqlite.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { connections } from './queue-peers.ts';

/** An empty job store in a new file of that folder. */
export async function openSqliteIn(folder: string): Promise<OpenJobStore> {
  const store = await openSqlite({ file: path.join(folder, 'jobs.db'), exclusive: true });
  await store.migrate();
  return store;
}

/** An empty job store in that database. */
export async function openPostgresAt(url: string): Promise<OpenJobStore> {
  const store = openPostgres({ url, directUrl: url, connections, logger: createLogger('silent') });
  await store.migrate();
  return store;
}
