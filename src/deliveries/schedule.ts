/** Either way, so that what failed together does not come back together. */
const jitter = 0.2;
const longestRetryAfterMs = 24 * 3_600_000;

/**
 * Milliseconds until the try after the `failures`th failed one (from 1); undefined when that was the last.
 * @param schedule the waits between tries, in milliseconds; there is one try more than waits
 * @param retryAfterMs what the receiver asked for; it is waited for at least
 */
export function nextDelayMs(
  schedule: readonly number[],
  failures: number,
  retryAfterMs = 0,
  random: () => number = Math.random,
): number | undefined {
  const wait = schedule[failures - 1];
  if (wait === undefined) return undefined;
  return Math.max(Math.round(wait * (1 - jitter + 2 * jitter * random())), retryAfterMs);
}

/** `Retry-After` (RFC 9110, 10.2.3), seconds or a date, in milliseconds: at most a day; undefined for anything else. */
export function retryAfterMs(header: string | undefined, now: number = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  const wait = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), longestRetryAfterMs);
}
