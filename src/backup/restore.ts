import { TintypeError } from '../errors/tintype-error.ts';
import type { ObjectStore } from '../jobs/object-store.ts';
import type { StoredRow, StoredTables } from '../jobs/stored-tables.ts';
import type { BackupFolder, OpenBackup } from './backup-folder.ts';
import { copyObject, hasBytes, type KnownObject, objectsAtOnce } from './copy-object.ts';
import { inLanes } from './lanes.ts';
import { checkLines, readLines } from './lines-file.ts';
import type { Manifest } from './manifest.ts';
import { isForeign } from './named-objects.ts';
import type { TransferProgress } from './transfer-progress.ts';

export interface RestoreParts {
  readonly tables: StoredTables;
  readonly objects: ObjectStore;
  /** Makes the object store ready for writers. */
  prepare(): Promise<void>;
  /** Opens a folder of objects to read, which closes what it opened by itself. */
  openFolder(folder: string): Promise<{ readonly objects: ObjectStore } & AsyncDisposable>;
}

const batch = 200;
/** Keys in a message. */
const mostNamed = 10;

/**
 * Fills an empty job store and an empty object store from a backup: first the objects, then all rows in one
 * transaction, so that a restore that was cut off is done again by another one. Throws `invalid-request` for a
 * backup of a later version, `checksum-mismatch` for a damaged one, `invalid-configuration` for stores that are not empty,
 * and the reason of `stop`, when no row is restored.
 */
export async function restore(
  { folder, manifest }: OpenBackup,
  parts: RestoreParts,
  progress: TransferProgress,
  stop: AbortSignal,
): Promise<void> {
  try {
    await bringBack({ folder, manifest }, parts, progress, stop);
  } catch (error) {
    stop.throwIfAborted();
    throw error;
  }
  await parts.tables.migrate();
}

async function bringBack(
  { folder, manifest }: OpenBackup,
  { tables, objects, prepare, openFolder }: RestoreParts,
  progress: TransferProgress,
  stop: AbortSignal,
): Promise<void> {
  await checkLists(folder, manifest);
  await using backedUp = await openFolder(folder.objects);
  await requireEmpty(tables, objects, backedUp.objects);
  await requireSame(foreignObjectsOf(folder), objects, stop);
  await prepare();
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

/** Others may have put their objects there before; those that are not the backup's are theirs to decide about. */
async function requireSame(
  foreign: AsyncIterable<Required<KnownObject>>,
  objects: ObjectStore,
  stop: AbortSignal,
): Promise<void> {
  const others: string[] = [];
  await inLanes(objectsAtOnce, foreign, async known => {
    stop.throwIfAborted();
    const bytes = await objects.size(known.key);
    const isFree = bytes === undefined;
    if (!isFree && (bytes !== known.bytes || !(await hasBytes(objects, known, stop)))) others.push(known.key);
  });
  if (others.length === 0) return;
  const named = others.slice(0, mostNamed).join(', ');
  const more = others.length > mostNamed ? ` and ${others.length - mostNamed} more` : '';
  const message = `The object store that OBJECT_STORE_URL names has other bytes than the backup under these keys: ${named}${more}. Accepted: the same bytes, or no object.`;
  throw new TintypeError('invalid-configuration', message);
}

async function* foreignObjectsOf(folder: BackupFolder): AsyncGenerator<Required<KnownObject>> {
  for await (const known of objectsOf(folder)) if (isForeign(known)) yield known;
}

async function* objectsOf(folder: BackupFolder): AsyncGenerator<Required<KnownObject>> {
  for await (const objects of readLines<Required<KnownObject>>(folder.objectList, batch)) yield* objects;
}

/** Tintype writes a key once, so an object of that key and size is the same; others' were compared before. */
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
