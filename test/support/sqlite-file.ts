import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { OpenJobStore } from '../../src/job-store/open-job-store.ts';
import { openSqlite } from '../../src/job-store/sqlite.ts';
import type { OpenDatabase } from './stored-jobs.ts';

/** A path for a database in a folder of its own, which goes with everything in it. */
export async function temporaryFile(): Promise<AsyncDisposable & { file: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tintype-store-'));
  return {
    file: path.join(folder, 'jobs.db'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

export async function openTestSqlite(): Promise<OpenDatabase> {
  await using cleanup = new AsyncDisposableStack();
  const { file } = cleanup.use(await temporaryFile());
  const opened = async (exclusive: boolean): Promise<OpenJobStore> =>
    cleanup.adopt(await openSqlite({ file, exclusive }), store => store.close());
  const store = await opened(true);
  await store.migrate();
  const kept = cleanup.move();
  return {
    store,
    again: async () => kept.adopt(await openSqlite({ file, exclusive: false }), other => other.close()),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
