import path from 'node:path';
import { type BackUpParts, backUp } from '../../src/backup/back-up.ts';
import { BackupFolder } from '../../src/backup/backup-folder.ts';
import type { Manifest } from '../../src/backup/manifest.ts';
import { restore } from '../../src/backup/restore.ts';
import { openSqliteTables } from '../../src/job-store/sqlite/sqlite-tables.ts';
import type { ObjectStore } from '../../src/jobs/object-store.ts';
import { FilesystemObjectStore } from '../../src/objects/filesystem.ts';
import type { Pipeline } from './pipeline.ts';

export const unaborted = new AbortController().signal;
const nobody = { rows() {}, object() {} };

/** Backs up what a pipeline works on, as a process beside it would. */
export async function backUpPipeline(
  pipeline: Pipeline,
  target: string,
  changed: Partial<BackUpParts> = {},
): Promise<Manifest> {
  const tables = openSqliteTables(path.join(pipeline.folder, 'jobs.db'), false);
  try {
    const { objects, store } = pipeline;
    const parts = { tables, leases: store.leases, objects, openFolder, leaseMs: 60_000, version: '1.2.3' };
    return await backUp(target, { ...parts, ...changed }, nobody, unaborted);
  } finally {
    await tables.close();
  }
}

/** Restores into a new job store and a new folder of objects below `home`, or those that are there. */
export async function restoreInto(home: string, source: string): Promise<void> {
  await using cleanup = new AsyncDisposableStack();
  const backup = await BackupFolder.open(source);
  const tables = cleanup.adopt(openSqliteTables(path.join(home, 'jobs.db'), true), opened => opened.close());
  const { objects } = cleanup.use(await openFolder(path.join(home, 'objects')));
  const prepare = async () => {};
  await restore(backup, { tables, objects, prepare, openFolder }, nobody, unaborted);
}

/** An object store as it is, but for what comes before its reads. */
export function beforeReads(objects: ObjectStore, before: () => Promise<void>): ObjectStore {
  return new Proxy(objects, {
    get(target, method) {
      if (method === 'read') return (key: string) => before().then(() => target.read(key));
      const value = Reflect.get(target, method);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

async function openFolder(folder: string): Promise<{ objects: ObjectStore } & AsyncDisposable> {
  const objects = new FilesystemObjectStore(folder);
  await objects.clearScratch(0);
  return { objects, [Symbol.asyncDispose]: () => objects.close() };
}
