import path from 'node:path';
import type { Manifest } from '../backup/manifest.ts';
import { humanBytes } from './run-report.ts';

/** What a backup holds, for a person or as JSON. */
export interface BackupFacts {
  /** Absolute. */
  readonly folder: string;
  readonly createdAt: string;
  readonly version: string;
  readonly schema: string;
  readonly jobs: number;
  /** Of all tables. */
  readonly rows: number;
  readonly objects: number;
  /** Of the objects. */
  readonly bytes: number;
  /** Objects that ought to be in it and are not. */
  readonly missing: number;
}

export function backupFacts(folder: string, manifest: Manifest): BackupFacts {
  const { createdAt, version, schema, tables, objects, objectBytes, missing } = manifest;
  return {
    folder: path.resolve(folder),
    createdAt,
    version,
    schema,
    jobs: tables.jobs?.lines ?? 0,
    rows: Object.values(tables).reduce((sum, { lines }) => sum + lines, 0),
    objects: objects.lines,
    bytes: objectBytes,
    missing: missing.lines,
  };
}

/** Such as `12 jobs (345 rows) and 1 object (8.9 MB)`. */
export function summaryOf({ jobs, rows, objects, bytes }: BackupFacts): string {
  return `${counted(jobs, 'job')} (${counted(rows, 'row')}) and ${counted(objects, 'object')} (${humanBytes(bytes)})`;
}

/** `1 object`, `2 objects`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
