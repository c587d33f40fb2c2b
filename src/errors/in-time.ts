import { TintypeError } from './tintype-error.ts';

/** The answer, if it comes in time. Throws `storage-unavailable` where it does not: something hangs. */
export async function inTime<T>(limitMs: number, answer: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const message = `It does not answer in ${limitMs / 1000} s.`;
  const timer = setTimeout(() => late.reject(new TintypeError('storage-unavailable', message)), limitMs);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
