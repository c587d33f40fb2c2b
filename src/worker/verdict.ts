import { imageRefusals } from '../errors/codes.ts';
import type { TintypeError } from '../errors/tintype-error.ts';
import type { AttemptEnd, Claim } from '../jobs/attempt-store.ts';
import type { Failure } from '../jobs/job.ts';
import { countsAgainstJob, type RetryPolicy, retryDelayMs } from '../jobs/retry-policy.ts';

/**
 * What becomes of a job whose attempt failed. Faults of our own stores and a shutdown count nothing, nor does an object
 * that is missing and may yet turn up; a passing fault is tried again until the attempts are used up; a permanent one,
 * such as a broken image, ends the job at once.
 * @param now by the database's clock (epoch ms)
 */
export function verdict(claim: Claim, error: TintypeError, policy: RetryPolicy, now: number): AttemptEnd {
  const failure: Failure = { code: error.code, message: error.message };
  if (!countsAgainstJob(error) || mayTurnUp(claim, error, policy, now)) {
    const uncounted = Math.max(1, claim.attempt - claim.job.attempts);
    const delayMs = error.code === 'shutting-down' ? 0 : retryDelayMs(uncounted);
    return { result: 'requeued', failure, counts: false, delayMs };
  }
  const failures = claim.job.attempts + 1;
  if (error.retryable && failures < policy.maxAttempts) {
    return { result: 'requeued', failure, counts: true, delayMs: retryDelayMs(failures) };
  }
  return {
    result: 'failed',
    failure,
    refused: imageRefusals.has(error.code),
    ...(error.output === undefined ? {} : { outputFailures: { [error.output]: failure } }),
  };
}

/** Some stores show an object to every reader only a while after it was written. */
function mayTurnUp({ job }: Claim, error: TintypeError, { missingMs }: RetryPolicy, now: number): boolean {
  return error.code === 'not-found' && now < (job.startedAt ?? 0) + missingMs;
}
