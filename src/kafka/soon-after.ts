import { inTime, unlessAborted } from '../errors/in-time.ts';

/** Time for what was begun when a consumer is stopped, in milliseconds. */
const finishMs = 6_000;

/** What becomes of the work. Throws `storage-unavailable` when that is still open some seconds after the abort. */
export async function soonAfter(stopping: AbortSignal, work: Promise<void>): Promise<void> {
  // A fault of the work itself is thrown below.
  await unlessAborted(work, stopping).catch(() => {});
  await inTime(finishMs, work);
}
