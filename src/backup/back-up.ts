import { TintypeError } from '../errors/tintype-error.ts';
import { isoTime } from '../jobs/iso-time.ts';
import type { LeaseStore } from '../jobs/lease-store.ts';
import type { ObjectStore } from '../jobs/object-store.ts';
import type { StoredTables, TableSnapshot } from '../jobs/stored-tables.ts';
import { BackupFolder } from './backup-folder.ts';
import { CollectorPause } from './collector-pause.ts';
import { copyObject, objectsAtOnce } from './copy-object.ts';
import { inLanes } from './lanes.ts';
import { LinesWriter } from './lines-file.ts';
import { format, type LinesFacts, type Manifest } from './manifest.ts';
import { namedObjects } from './named-objects.ts';
import type { TransferProgress } from './transfer-progress.ts';

export interface BackUpParts {
  readonly tables: StoredTables;
  readonly leases: LeaseStore;
  readonly objects: ObjectStore;
  /** Opens a folder for objects, which closes what it opened by itself. */
  openFolder(folder: string): Promise<{ readonly objects: ObjectStore } & AsyncDisposable>;
  /** How long this process may be silent before it counts as dead. */
  readonly leaseMs: number;
  /** Tintype's. */
  readonly version: string;
}

/**
 * Writes the tables as they are at one moment and the objects that their rows name into a new folder, while the service
 * goes on. First nobody may delete objects any more, then the tables are read, then the objects. Objects that should
 * be there and are not, or are damaged, are listed as missing; anything else that goes wrong is thrown, and leaves a
 * folder without a manifest.
 */
export async function backUp(
  target: string,
  parts: BackUpParts,
  progress: TransferProgress,
  stop: AbortSignal,
): Promise<Manifest> {
  const folder = await BackupFolder.make(target);
  await using pause = await CollectorPause.begin(parts.leases, parts.leaseMs);
  const signal = AbortSignal.any([stop, pause.lost]);
  const createdAt = isoTime(Date.now());
  const tables = await parts.tables.read(snapshot => writeTables(snapshot, folder, progress, signal));
  const objects = await writeObjects(folder, parts, progress, signal);
  await pause.confirm();
  signal.throwIfAborted();
  const manifest = { format, version: parts.version, createdAt, ...tables, ...objects } as const;
  await folder.finish(manifest);
  return manifest;
}

async function writeTables(
  snapshot: TableSnapshot,
  folder: BackupFolder,
  progress: TransferProgress,
  signal: AbortSignal,
): Promise<Pick<Manifest, 'schema' | 'tables' | 'counters'>> {
  await folder.makeTables();
  const tables: Record<string, LinesFacts> = {};
  for (const table of snapshot.tables) {
    await using file = await LinesWriter.create(folder.table(table));
    for await (const rows of snapshot.pages(table)) {
      signal.throwIfAborted();
      await file.write(rows);
      progress.rows(rows.length);
    }
    tables[table] = await file.end();
  }
  return { schema: snapshot.schema, tables, counters: snapshot.counters };
}

async function writeObjects(
  folder: BackupFolder,
  { objects, openFolder }: BackUpParts,
  progress: TransferProgress,
  signal: AbortSignal,
): Promise<Pick<Manifest, 'objects' | 'objectBytes' | 'missing'>> {
  await using target = await openFolder(folder.objects);
  await using list = await LinesWriter.create(folder.objectList);
  await using missing = await LinesWriter.create(folder.missingList);
  let objectBytes = 0;
  await inLanes(objectsAtOnce, namedObjects(folder), async named => {
    try {
      const copied = await copyObject(objects, target.objects, named, signal);
      await list.write([copied]);
      objectBytes += copied.bytes;
      progress.object(copied.bytes);
    } catch (error) {
      const fault = absence(error);
      if (fault === undefined) throw error;
      if (named.isExpected) await missing.write([{ key: named.key, fault }]);
    }
  });
  return { objects: await list.end(), objectBytes, missing: await missing.end() };
}

/** What is wrong with an object that was gone or damaged before; undefined for a fault of the backup. */
function absence(error: unknown): 'missing' | 'damaged' | undefined {
  if (!(error instanceof TintypeError)) return undefined;
  if (error.code === 'not-found') return 'missing';
  return error.code === 'checksum-mismatch' ? 'damaged' : undefined;
}
