import { TintypeError } from '../errors/tintype-error.ts';
import type { ObjectStore } from '../jobs/object-store.ts';
import type { StoredRow, StoredTables } from '../jobs/stored-tables.ts';
import type { BackupFolder, OpenBackup } from './backup-folder.ts';
import { copyObject, type KnownObject, objectsAtOnce } from './copy-object.ts';
import { inLanes } from './lanes.ts';
import { checkLines, readLines } from './lines-file.ts';
import type { Manifest } from './manifest.ts';
import type { TransferProgress } from './transfer-progress.ts';

export interface RestoreParts {
  readonly tables: StoredTables;
  readonly objects: ObjectStore;
  /** Opens a folder of objects to read, which closes what it opened by itself. */
  openFolder(folder: string): Promise<{ readonly objects: ObjectStore } & AsyncDisposable>;
}

const batch = 200;

/**
 * Fills an empty job store and an empty object store from a backup: first the objects, then all rows in one
 * transaction, so that a restore that was cut off is done again by another one. Throws `invalid-request` for a
 * backup of a later version, `checksum-mismatch` for a damaged one, `invalid-configuration` for stores that are not empty.
 */
export async function restore(
  { folder, manifest }: OpenBackup,
  { tables, objects, openFolder }: RestoreParts,
  progress: TransferProgress,
  stop: AbortSignal,
): Promise<void> {
  await checkLists(folder, manifest);
  await using backedUp = await openFolder(folder.objects);
  await requireEmpty(tables, objects, backedUp.objects);
  await tables.makeAsOf(manifest.schema);
  await inLanes(objectsAtOnce, objectsOf(folder), async known => {
    await restoreObject(known, backedUp.objects, objects, stop);
    progress.object(known.bytes);
  });
  await tables.fill(manifest.counters, async add => {
    for (const table of Object.keys(manifest.tables)) {
      for await (const rows of readLines<StoredRow>(folder.table(table), batch)) {
        stop.throwIfAborted();
        await add(table, rows);
        progress.rows(rows.length);
      }
    }
  });
  await tables.migrate();
}

async function checkLists(folder: BackupFolder, manifest: Manifest): Promise<void> {
  for (const [table, facts] of Object.entries(manifest.tables)) await checkLines(folder.table(table), facts);
  await checkLines(folder.objectList, manifest.objects);
}

/** What an earlier try of the same restore left is no hindrance: objects of the backup, before there are rows. */
async function requireEmpty(
  tables: StoredTables,
  objects: ObjectStore,
  backedUp: ObjectStore,
): Promise<void> {
  await tables.requireEmpty();
  for (const prefix of ['jobs/', 'uploads/']) {
    for await (const { key, bytes } of objects.list(prefix)) {
      if ((await backedUp.size(key)) !== bytes) throw occupied(key);
    }
  }
}

async function* objectsOf(folder: BackupFolder): AsyncGenerator<Required<KnownObject>> {
  for await (const objects of readLines<Required<KnownObject>>(folder.objectList, batch)) yield* objects;
}

/** Tintype writes a key once, so an object of that key and size is the same. */
async function restoreObject(
  known: Required<KnownObject>,
  from: ObjectStore,
  to: ObjectStore,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const there = await to.size(known.key);
  if (there === known.bytes) return;
  if (there !== undefined) throw occupied(known.key);
  try {
    await copyObject(from, to, known, signal);
  } catch (error) {
    if (!(error instanceof TintypeError) || error.code !== 'not-found') throw error;
    const message = `This backup is damaged: the object ${known.key} is missing.`;
    throw new TintypeError('checksum-mismatch', message, { cause: error });
  }
}

function occupied(key: string): TintypeError {
  const message = `The object store that OBJECT_STORE_URL names is not empty: the object ${key} is there and not the backup’s. Accepted: one without objects under jobs/ and uploads/.`;
  return new TintypeError('invalid-configuration', message);
}
