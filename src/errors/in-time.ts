import { addAbortListener } from 'node:events';
import { TintypeError } from './tintype-error.ts';

/**
 * The answer, if it comes in time; what comes afterwards is ignored. Throws `storage-unavailable` where it does not come,
 * because something hangs, and the signal's reason when that aborts.
 */
export async function inTime<T>(limitMs: number, answer: Promise<T>, until?: AbortSignal): Promise<T> {
  const late = Promise.withResolvers<never>();
  const message = `It does not answer in ${limitMs / 1000} s.`;
  const timer = setTimeout(() => late.reject(new TintypeError('storage-unavailable', message)), limitMs);
  using _until = until && addAbortListener(until, () => late.reject(until.reason));
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** The answer, unless the signal aborts before it comes: then throws its reason, and what comes afterwards is ignored. */
export async function unlessAborted<T>(answer: Promise<T>, until?: AbortSignal): Promise<T> {
  if (until === undefined) return answer;
  const aborted = Promise.withResolvers<never>();
  using _until = addAbortListener(until, () => aborted.reject(until.reason));
  return await Promise.race([answer, aborted.promise]);
}
