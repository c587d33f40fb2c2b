import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeFolder } from '../../program/make-folder.ts';

/** How long a statement waits for another process's write. */
const busyTimeoutMs = 5_000;

/** Opens the file, which is made where there is none, so that whatever was committed survives a power cut. */
export function openDatabase(file: string): DatabaseSync {
  makeFolder(path.dirname(file));
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs });
  try {
    database.exec(
      'pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; pragma cache_size = -32768; pragma temp_store = memory',
    );
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
