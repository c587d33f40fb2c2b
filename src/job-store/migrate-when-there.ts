import { setTimeout } from 'node:timers/promises';
import { TintypeError } from '../errors/tintype-error.ts';
import { retryDelayMs } from '../jobs/retry-policy.ts';
import { AwayLog } from '../telemetry/away-log.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { OpenJobStore } from './open-job-store.ts';

/** Between two tries, in milliseconds. */
const longestWaitMs = 5_000;

/**
 * Brings the tables up to date as soon as the database server answers, which may start later than the service. Throws
 * what waiting does not mend, and the last fault when `stop` is aborted.
 */
export async function migrateWhenThere(
  store: OpenJobStore,
  logger: Logger,
  stop: AbortSignal,
): Promise<void> {
  const log = new AwayLog(logger, 'the job store is away; the start waits for it', 'the job store is back');
  for (let failures = 1; ; failures += 1) {
    try {
      await store.migrate();
      log.back();
      return;
    } catch (error) {
      if (stop.aborted || TintypeError.from(error).code !== 'storage-unavailable') throw error;
      log.away(error);
    }
    const waitMs = Math.min(longestWaitMs, retryDelayMs(failures));
    await setTimeout(waitMs, undefined, { signal: stop }).catch(() => {});
  }
}
