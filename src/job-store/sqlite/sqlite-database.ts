import { statSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { TintypeError } from '../../errors/tintype-error.ts';
import { makeFolder, privateMode } from '../../program/make-folder.ts';
import { isNoDatabase } from './sqlite-faults.ts';

/** How long a statement waits for another process's write. */
const busyTimeoutMs = 5_000;

/**
 * Opens the file, which is made where there is none, so that whatever was committed survives a power cut.
 * Throws `invalid-configuration` where something else is there.
 */
export function openDatabase(file: string): DatabaseSync {
  makeFolder(path.dirname(file), privateMode);
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) throw noDatabase(file, 'a folder');
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs });
  try {
    database.exec(
      'pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; pragma cache_size = -8192; pragma temp_store = memory',
    );
    return database;
  } catch (error) {
    database.close();
    throw isNoDatabase(error) ? noDatabase(file, 'no SQLite database') : error;
  }
}

function noDatabase(file: string, found: string): TintypeError {
  return new TintypeError(
    'invalid-configuration',
    `DATABASE_URL names ${file}, which is ${found}; accepted: a SQLite file, or a path where nothing is yet.`,
  );
}
