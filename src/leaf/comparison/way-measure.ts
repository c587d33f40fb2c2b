import type { HistoryOptions } from './leaf-history.ts';
import type { MirrorUsage } from './mirror-messages.ts';
import type { Way } from './ways.ts';

/** What one way has taken for one history, as it was measured. */
export interface WayMeasure extends HistoryOptions {
  readonly way: Way;
  readonly changes: number;
  /** Seconds that the history took in truth. */
  readonly wallSeconds: number;
  /** Images that were sent or copied, and their bytes: the metrics of the contract. */
  readonly images: number;
  readonly imageBytes: number;
  /** Of the mirroring process, for the history. */
  readonly used: MirrorUsage;
  /** Of the image API, with whoever asks it for the changes. */
  readonly httpBytes: number;
  /** Of the mirroring process in a second without changes. */
  readonly rest: MirrorUsage;
  /** Undefined for a stream. */
  readonly batches: Batches | undefined;
  /** Seconds from a change to its copy, for half of the changes and for 99 % of them. */
  readonly p50: number;
  readonly p99: number;
  /** Images that are not the same in both databases in the end. */
  readonly differences: number;
}

export interface Batches {
  readonly intervalSeconds: number;
  readonly runs: number;
  /** Of a run, on average. */
  readonly seconds: number;
  /** A run without changes. */
  readonly empty: { readonly seconds: number; readonly bytes: number; readonly cpuSeconds: number };
}

/** What a way takes in an hour of the history: what was measured, and rest for the time that was left out. */
export interface HourlyFigures {
  readonly kafkaBytes: number;
  readonly mongoBytes: number;
  readonly httpBytes: number;
  /** From Kafka and MongoDB, with those at rest. */
  readonly bytes: number;
  readonly restBytes: number;
  readonly cpuSeconds: number;
  readonly images: number;
}

const hour = 3_600;

export function hourlyFigures(measure: WayMeasure): HourlyFigures {
  const { seconds, wallSeconds, used, rest } = measure;
  const leftOut = Math.max(0, seconds - wallSeconds);
  const perHour = (measured: number, perSecond: number) =>
    ((measured + perSecond * leftOut) * hour) / seconds;
  const kafkaBytes = perHour(used.kafka, rest.kafka);
  const mongoBytes = perHour(used.mongodb, rest.mongodb);
  return {
    kafkaBytes,
    mongoBytes,
    httpBytes: perHour(measure.httpBytes, 0),
    bytes: kafkaBytes + mongoBytes,
    restBytes: (rest.kafka + rest.mongodb) * hour,
    cpuSeconds: perHour(used.cpuSeconds, rest.cpuSeconds),
    images: perHour(measure.images, 0),
  };
}

/** The least value that is not below that share of them; 0 to 1. */
export function atShare(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export function usageBetween(before: MirrorUsage, after: MirrorUsage): MirrorUsage {
  return {
    kafka: after.kafka - before.kafka,
    mongodb: after.mongodb - before.mongodb,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
  };
}
