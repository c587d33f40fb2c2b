import type { Source, StoredOutput } from '../jobs/job.ts';
import type { StoredRow } from '../jobs/stored-tables.ts';
import { uploadKey } from '../jobs/upload-store.ts';
import type { BackupFolder } from './backup-folder.ts';
import { readLines } from './lines-file.ts';

/** An object that a row of the backup names. */
export interface NamedObject {
  readonly key: string;
  /** False where the row is right without it: an upload may be under way, and what is not Tintype's own may be gone. */
  readonly isExpected: boolean;
  readonly bytes?: number;
  /** Hex. */
  readonly sha256?: string;
}

const batch = 200;

/** What can be read of these tables' rows: what the job store promises of their columns, as `tables.ts` has it. */
type Find = (row: StoredRow) => readonly NamedObject[];

const finds: Readonly<Record<string, Find>> = { uploads: upload, outputs: output, jobs: source };

/** Every object that belongs to the rows of a backup, once each. */
export async function* namedObjects(folder: BackupFolder): AsyncGenerator<NamedObject> {
  // Few, beside those of Tintype's own, each of which one row names.
  const foreign = new Set<string>();
  for (const [table, find] of Object.entries(finds)) {
    for await (const rows of readLines<StoredRow>(folder.table(table), batch)) {
      for (const object of rows.flatMap(find)) {
        if (isForeign(object) && foreign.has(object.key)) continue;
        if (isForeign(object)) foreign.add(object.key);
        yield object;
      }
    }
  }
}

/** One that is about to be deleted is left out; one that no job names may be half there. */
function upload({ id, jobs, abandoned_at }: StoredRow): NamedObject[] {
  if (abandoned_at !== null) return [];
  return [{ key: uploadKey(String(id)), isExpected: jobs !== 0 }];
}

function output({ stored, expired, options }: StoredRow): NamedObject[] {
  const { watermark } = JSON.parse(String(options)) as { watermark?: { object: string } };
  const laid = watermark === undefined ? [] : [{ key: watermark.object, isExpected: false }];
  if (stored === null || expired === 1) return laid;
  const { key, bytes, sha256 } = JSON.parse(String(stored)) as StoredOutput;
  return [{ key, bytes, sha256, isExpected: true }, ...laid];
}

function source(row: StoredRow): NamedObject[] {
  const named = JSON.parse(String(row.source)) as Source;
  return 'object' in named && row.status !== 'expired' ? [{ key: named.object, isExpected: false }] : [];
}

/** Somebody else put it there, and many jobs may name it. */
export function isForeign({ key }: Pick<NamedObject, 'key'>): boolean {
  return !key.startsWith('uploads/') && !key.startsWith('jobs/');
}
