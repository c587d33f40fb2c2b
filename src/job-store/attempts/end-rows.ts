import type { AttemptEnd, ClaimRef } from '../../jobs/attempt-store.ts';
import { fromFailure } from '../jobs/job-rows.ts';
import { type Handled, nothingHandled } from '../statistics/usage-queries.ts';

const statusAfter = { complete: 'complete', failed: 'failed', requeued: 'pending' } as const;

/** An attempt and how it ended. */
export interface EndedClaim {
  readonly claim: ClaimRef;
  readonly end: AttemptEnd;
}

/** What an end makes of the rows of its job and its attempt. */
export function endRow({ claim: { jobId, attempt }, end }: EndedClaim) {
  const { result } = end;
  const requeued = result === 'requeued';
  return {
    jobId,
    attempt,
    result,
    status: statusAfter[result],
    failure: result === 'complete' ? null : fromFailure(end.failure),
    counted: requeued && !end.counts ? 0 : 1,
    progress: result === 'complete' ? 1 : requeued ? 0 : null,
    delayMs: requeued ? end.delayMs : 0,
    ready: requeued && end.delayMs <= 0 ? 1 : 0,
    waiting: requeued && end.delayMs > 0 ? 1 : 0,
    forGood: requeued ? 0 : 1,
    leftover: result === 'complete' ? 0 : 1,
  };
}

/** What the end of a job makes of its outputs: all complete, or all failed and some of them with a reason of their own. */
export function outputsRow({ claim: { jobId }, end }: EndedClaim) {
  return { jobId, status: end.result, outputs: endedOutputs(end) };
}

/** What the end of a job counts in the statistics. */
export function usageRow({ claim: { jobId }, end }: EndedClaim) {
  return { jobId, ...handled(end) };
}

function endedOutputs(end: AttemptEnd) {
  if (end.result === 'complete') return end.outputs.map(stored => ({ name: stored.name, stored }));
  const failures = end.result === 'failed' ? Object.entries(end.outputFailures ?? {}) : [];
  return failures.map(([name, failure]) => ({ name, failure }));
}

/** What counts for the statistics: work that came to nothing is not charged. */
function handled(end: AttemptEnd): Handled {
  if (end.result !== 'complete') return nothingHandled;
  const { outputs, read } = end;
  return {
    bytesRead: read.bytes,
    bytesStored: outputs.reduce((sum, { bytes }) => sum + bytes, 0),
    pixelsRead: read.pixels,
    pixelsStored: outputs.reduce((sum, { width, height }) => sum + width * height, 0),
  };
}
