import { existsSync } from 'node:fs';
import { TintypeError } from '../errors/tintype-error.ts';
import type { OpenJobStore } from '../job-store/open-job-store.ts';
import { openSqlite } from '../job-store/sqlite/sqlite.ts';

/**
 * Opens a job store beside the service that may be running on it. Throws `storage-unavailable` when there is none.
 * @param publicUrl for the links in what is told of the jobs that end here
 */
export async function openExistingStore(file: string, publicUrl?: string): Promise<OpenJobStore> {
  if (!existsSync(file)) {
    throw new TintypeError(
      'storage-unavailable',
      `There is no job store at ${file}: nothing was served there yet.`,
    );
  }
  return openSqlite({ file, exclusive: false, publicUrl });
}
