import path from 'node:path';
import { openSqlite } from '../../src/job-store/sqlite/sqlite.ts';
import { openSqliteTables } from '../../src/job-store/sqlite/sqlite-tables.ts';
import type { OpenDatabase } from './stored-jobs.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A path for a database in a folder of its own, which goes with everything in it. */
export async function temporaryFile(): Promise<AsyncDisposable & { file: string }> {
  const folder = await temporaryFolder();
  return {
    file: path.join(folder.path, 'jobs.db'),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** A migrated database as the service opens it; `again` opens it as the command line does. */
export async function openTestSqlite(): Promise<OpenDatabase> {
  await using cleanup = new AsyncDisposableStack();
  const { file } = cleanup.use(await temporaryFile());
  const store = cleanup.adopt(await openSqlite({ file, exclusive: true }), opened => opened.close());
  await store.migrate();
  const kept = cleanup.move();
  return {
    store,
    again: async () => kept.adopt(await openSqlite({ file, exclusive: false }), other => other.close()),
    tables: async () => kept.adopt(openSqliteTables(file, false), opened => opened.close()),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
