import { existsSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import { jobStoreOptions } from '../config/job-store-options.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import { type OpenJobStore, openJobStore } from '../job-store/open-job-store.ts';
import { createLogger } from '../telemetry/logger.ts';

/**
 * Opens the configuration's job store beside the services that may be running on it. Throws `storage-unavailable` when
 * there is none.
 */
export async function openExistingStore(config: Config): Promise<OpenJobStore> {
  const options = jobStoreOptions(config);
  if (options.driver === 'sqlite' && !existsSync(options.file)) {
    throw new TintypeError(
      'storage-unavailable',
      `There is no job store at ${options.file}: nothing was served there yet.`,
    );
  }
  return openStoreOf(config);
}

/** Also where there is none yet, for commands that migrate it. */
export function openStoreOf(config: Config): Promise<OpenJobStore> {
  return openJobStore(jobStoreOptions(config), false, createLogger(config.LOG_LEVEL));
}
