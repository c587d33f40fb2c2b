import { hourlyFigures, type WayMeasure } from './way-measure.ts';

/** What a batch would take with another interval, reckoned from what was measured. */
export interface BatchEstimate {
  /** From Kafka and MongoDB, in an hour. */
  readonly bytes: number;
  /** Seconds. */
  readonly p50: number;
  readonly p99: number;
  /** False where a batch takes longer than its interval. */
  readonly isPossible: boolean;
}

const hour = 3_600;

/** @param measure of a batch */
export function estimateBatch(measure: WayMeasure, intervalSeconds: number): BatchEstimate {
  const seconds = secondsOfBatch(measure, intervalSeconds);
  const bytes = bytesOfBatches(measure, intervalSeconds) + hourlyFigures(measure).restBytes;
  return {
    bytes,
    // A change waits from nothing to the whole interval, and then for the batch.
    p50: intervalSeconds / 2 + seconds,
    p99: intervalSeconds * 0.99 + seconds,
    isPossible: seconds < intervalSeconds,
  };
}

/** The interval with which half of the copies come in so many seconds; undefined where a batch alone takes longer. */
export function intervalFor(measure: WayMeasure, p50: number): number | undefined {
  const interval = 2 * (p50 - secondsOfBatch(measure, 0));
  return interval > 0 && estimateBatch(measure, interval).isPossible ? interval : undefined;
}

function secondsOfBatch({ way, batches }: WayMeasure, interval: number): number {
  if (batches === undefined) return 0;
  if (way === 'batch-all') return batches.seconds;
  const { empty, seconds, intervalSeconds } = batches;
  return empty.seconds + Math.max(0, seconds - empty.seconds) * Math.min(1, interval / intervalSeconds);
}

function bytesOfBatches(
  { way, batches, used, images, changes, seconds }: WayMeasure,
  interval: number,
): number {
  if (batches === undefined) return 0;
  const bytes = used.kafka + used.mongodb;
  if (way === 'batch-all') return (bytes / batches.runs) * (hour / interval);
  const { empty, intervalSeconds } = batches;
  const perImage = Math.max(0, bytes - batches.runs * empty.bytes) / Math.max(1, images);
  // The shorter the interval, the fewer changes of one image go together.
  const share = Math.min(1, interval / intervalSeconds);
  const moved = (changes - (changes - images) * share) * (hour / seconds);
  return perImage * moved + empty.bytes * (hour / interval);
}
