import type { ExpiryStore } from '../jobs/expiry-store.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** Jobs of one transaction: some milliseconds, for which claims and submissions wait. */
const batch = 100;

/** Marks every job as expired whose retention is over. */
export async function expireJobs(expiry: ExpiryStore, metrics: Metrics, signal: AbortSignal): Promise<void> {
  for (let expired = batch; expired === batch && !signal.aborted; ) {
    expired = await expiry.expireDue(batch);
    metrics.jobsExpired.inc(expired);
  }
}
