import os from 'node:os';
import { kafkaLogin } from '../../config/kafka-login.ts';
import type { LeafConfig } from '../../config/leaf-config.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { CountImages, LeafMetrics } from '../leaf-metrics.ts';
import { ComparisonTopics } from './comparison-topics.ts';
import { measureWay, type WayOptions } from './measure-way.ts';
import { hourlyFigures, type WayMeasure } from './way-measure.ts';
import { batchSeconds, type Way, wayNames, ways } from './ways.ts';

/** What is reckoned for this interval is measured, too. */
const checkedSeconds = 60;

export interface ComparisonOptions {
  /** The first of both is what is compared; the others are for how things grow. */
  readonly records: readonly [number, ...number[]];
  readonly changesPerMinute: readonly [number, ...number[]];
  /** Of the history: a multiple of `batchSeconds`. */
  readonly seconds: number;
  /** How many times faster than time it goes. */
  readonly scale: number;
  /** For which each way is measured without changes. */
  readonly restSeconds: number;
}

export interface ComparisonParts {
  readonly config: LeafConfig;
  readonly metrics: LeafMetrics;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Hears of what is done, a line for people. */
  readonly tell: (line: string) => void;
}

export interface Comparison {
  readonly options: ComparisonOptions;
  readonly ways: readonly WayMeasure[];
  /** For each number of records, and for each number of changes a minute. */
  readonly byRecords: readonly WayMeasure[];
  readonly byChanges: readonly WayMeasure[];
  /** The batch of changed images with another interval, to check what is reckoned of intervals. */
  readonly checked: WayMeasure;
  /** Processes that waited for a core before it began, as the system averages them over a minute. */
  readonly loadBefore: number;
}

/**
 * All ways on the same histories, one after the other. Throws `invalid-configuration` where Kafka has topics of a leaf
 * system already, `storage-unavailable` where a server is away.
 */
export async function compareWays(options: ComparisonOptions, parts: ComparisonParts): Promise<Comparison> {
  const { config, metrics } = parts;
  const [loadBefore = 0] = os.loadavg();
  const kafka = { brokers: config.KAFKA_BOOTSTRAP_SERVERS, ...kafkaLogin(config) };
  await using topics = await ComparisonTopics.claim(kafka);
  const counters = { sent: metrics.sentImages(), copied: metrics.copiedImages() };
  const measured: Measured = cell => measureCell({ scale: options.scale, ...cell }, topics, counters, parts);

  const { records, changesPerMinute, seconds, restSeconds } = options;
  const main = { records: records[0], changesPerMinute: changesPerMinute[0], seconds };
  const measures: WayMeasure[] = [];
  for (const way of wayNames) {
    measures.push(await measured({ way, ...main, rest: restSeconds, intervalSeconds: batchSeconds }));
  }
  // Enough for two batches, or as many as there are.
  const short = { ...main, seconds: Math.min(seconds, 2 * batchSeconds) };
  const cells = async (of: readonly Partial<typeof main>[]): Promise<WayMeasure[]> => {
    const all = [...measures];
    for (const cell of of) {
      for (const { way, rest } of measures) {
        all.push(await measured({ way, ...short, ...cell, rest, intervalSeconds: batchSeconds }));
      }
    }
    return all;
  };
  const { way, rest } = measures[wayNames.indexOf('batch-changed')] as WayMeasure;
  return {
    ...{ options, loadBefore, ways: measures },
    checked: await measured({ way, ...short, rest, intervalSeconds: checkedSeconds }),
    byRecords: await cells(records.slice(1).map(each => ({ records: each }))),
    byChanges: await cells(changesPerMinute.slice(1).map(each => ({ changesPerMinute: each }))),
  };
}

type Measured = (cell: Omit<WayOptions, 'scale'>) => Promise<WayMeasure>;

async function measureCell(
  cell: WayOptions,
  topics: ComparisonTopics,
  { sent, copied }: Readonly<Record<'sent' | 'copied', CountImages>>,
  parts: ComparisonParts,
): Promise<WayMeasure> {
  const measure = await measureWay(cell, { ...parts, moved: ways[cell.way].isStream ? sent : copied });
  await topics.delete();
  parts.tell(lineOf(measure));
  parts.signal.throwIfAborted();
  return measure;
}

/** In the order of the ways, then of what grows. */
export function measuresOf(measures: readonly WayMeasure[], way: Way): WayMeasure[] {
  return measures
    .filter(each => each.way === way)
    .toSorted((one, other) => one.records - other.records || one.changesPerMinute - other.changesPerMinute);
}

function lineOf(measure: WayMeasure): string {
  const { way, records, changesPerMinute, p50, p99, differences } = measure;
  const { bytes, cpuSeconds } = hourlyFigures(measure);
  const what = `${ways[way].title}: ${records} images, ${changesPerMinute} changes a minute`;
  return `${what}: ${(bytes / 1e6).toFixed(1)} MB and ${cpuSeconds.toFixed(1)} CPU seconds an hour, p50 ${p50.toFixed(2)} s, p99 ${p99.toFixed(2)} s, ${differences} differences`;
}
