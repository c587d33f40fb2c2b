import type { TintypeError } from '../errors/tintype-error.ts';

export interface RetryPolicy {
  /** Attempts that count before the job fails. */
  readonly maxAttempts: number;
  /** Running time summed over attempts after which the job fails, in milliseconds. */
  readonly maxJobMs: number;
  /** How long after the job's start an object that is missing may still turn up, in milliseconds. */
  readonly missingMs: number;
}

/** Lost leases before a job is held to be what kills its workers. */
export const maxLostLeases = 10;

const firstDelayMs = 1_000;
const longestDelayMs = 60_000;

/** Faults of our own stores: they count nothing against the job, which waits and starts again. */
export function countsAgainstJob(error: TintypeError): boolean {
  return error.code !== 'storage-unavailable' && error.code !== 'shutting-down';
}

/**
 * Milliseconds to wait after the `failures`th failure (from 1): exponential with equal jitter
 * (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015), half of it fixed, half at random.
 */
export function retryDelayMs(failures: number, random: () => number = Math.random): number {
  const ceiling = Math.min(longestDelayMs, firstDelayMs * 2 ** (failures - 1));
  return Math.round(ceiling / 2 + (random() * ceiling) / 2);
}
