import type { StoredTables } from '../../jobs/stored-tables.ts';
import type { JobStoreOptions } from '../open-job-store.ts';

/**
 * Opens the tables of the job store that is named, as a whole.
 * @param isAlone throws `storage-unavailable` while a service has the job store; keeps services from a SQLite file
 */
export async function openStoredTables(options: JobStoreOptions, isAlone: boolean): Promise<StoredTables> {
  if (options.driver === 'postgres') {
    const { openPostgresTables } = await import('../postgres/postgres-tables.ts');
    return openPostgresTables(options.directUrl, isAlone);
  }
  const { openSqliteTables } = await import('../sqlite/sqlite-tables.ts');
  return openSqliteTables(options.file, isAlone);
}
