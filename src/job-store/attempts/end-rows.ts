import type { AttemptEnd, ClaimRef } from '../../jobs/attempt-store.ts';
import { fromFailure } from '../jobs/job-rows.ts';
import { type Handled, nothingHandled } from '../statistics/usage-queries.ts';

const statusAfter = { complete: 'complete', failed: 'failed', requeued: 'pending' } as const;

/** What the end of an attempt makes of its job's row. */
export function endParameters({ jobId, attempt }: ClaimRef, end: AttemptEnd) {
  const requeued = end.result === 'requeued';
  return {
    jobId,
    attempt,
    status: statusAfter[end.result],
    failure: end.result === 'complete' ? null : fromFailure(end.failure),
    counted: requeued && !end.counts ? 0 : 1,
    progress: end.result === 'complete' ? 1 : requeued ? 0 : null,
    delayMs: requeued ? end.delayMs : 0,
    ready: requeued && end.delayMs <= 0 ? 1 : 0,
    waiting: requeued && end.delayMs > 0 ? 1 : 0,
    ended: requeued ? 0 : 1,
  };
}

/** What the end of a job makes of its outputs: all complete, or all failed and some of them with a reason of their own. */
export function endedOutputs({ jobId }: ClaimRef, end: Exclude<AttemptEnd, { result: 'requeued' }>) {
  const stored = end.result === 'complete' ? end.outputs : [];
  const failures = end.result === 'failed' ? Object.entries(end.outputFailures ?? {}) : [];
  return {
    jobId,
    status: end.result,
    stored: JSON.stringify(stored),
    failures: JSON.stringify(failures.map(([name, failure]) => ({ name, failure }))),
  };
}

/** What counts for the statistics: work that came to nothing is not charged. */
export function handled(end: AttemptEnd): Handled {
  if (end.result !== 'complete') return nothingHandled;
  const { outputs, read } = end;
  return {
    bytesRead: read.bytes,
    bytesStored: outputs.reduce((sum, { bytes }) => sum + bytes, 0),
    pixelsRead: read.pixels,
    pixelsStored: outputs.reduce((sum, { width, height }) => sum + width * height, 0),
  };
}
