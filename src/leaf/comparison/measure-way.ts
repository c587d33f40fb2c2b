import { randomUUID } from 'node:crypto';
import { kafkaLogin } from '../../config/kafka-login.ts';
import type { LeafConfig } from '../../config/leaf-config.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { ImageApiClient } from '../jobs/image-api-client.ts';
import type { CountImages } from '../leaf-metrics.ts';
import type { Plant } from '../plants.ts';
import { ChangePlayer } from './change-player.ts';
import { ComparisonDatabases } from './comparison-databases.ts';
import { CopyWatcher } from './copy-watcher.ts';
import { type HistoryOptions, leafHistory } from './leaf-history.ts';
import { MeasuredImageApi } from './measured-image-api.ts';
import { Mirror } from './mirror.ts';
import type { MirrorSettings, MirrorUsage } from './mirror-messages.ts';
import { ScaledClock } from './scaled-clock.ts';
import { fillDatabases } from './starting-images.ts';
import { atShare, usageBetween, type WayMeasure } from './way-measure.ts';
import { playBatches, playStream, usageAtRest, type WayRun, warmUp } from './way-run.ts';
import { type Way, ways } from './ways.ts';

export interface WayOptions extends HistoryOptions {
  readonly way: Way;
  /** How many times faster than time the history goes. */
  readonly scale: number;
  /** Between two batches, in seconds of the history. */
  readonly intervalSeconds: number;
  /** In a second without changes, as it was measured before; or how many seconds to measure it for. */
  readonly rest: MirrorUsage | number;
}

export interface WayParts {
  readonly config: LeafConfig;
  readonly moved: CountImages;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Plays a history against a producer's and a consumer's database of its own, and measures what one way takes to mirror it. */
export async function measureWay(options: WayOptions, parts: WayParts): Promise<WayMeasure> {
  const { config, logger, signal } = parts;
  const urls = [config.MONGO_PRODUCER_URL, config.MONGO_CONSUMER_URL] as const;
  await using databases = await ComparisonDatabases.open(...urls, logger);
  await fillDatabases(databases.producer, databases.consumer, options.records, signal);
  const total = { images: 0, imageBytes: 0 };
  await using mirror = await Mirror.start(
    mirrorSettings(options.way, config, databases),
    (plant, images, bytes) => {
      total.images += images;
      total.imageBytes += bytes;
      parts.moved(plant, images, bytes);
    },
  );
  const changed = (plant: Plant, id: number) => mirror.changed(plant, id);
  await using api = await MeasuredImageApi.open(databases.producer, changed, logger);
  const run = runOf(options, databases, mirror, api.url, signal);
  const empty = await warmUp(run);
  const { rest: known, way, records, changesPerMinute, seconds, intervalSeconds } = options;
  const rest = typeof known === 'number' ? await usageAtRest(run, known) : known;
  run.watcher.begin();
  Object.assign(total, { images: 0, imageBytes: 0 });
  const httpBefore = api.bytes();
  const { used, wallSeconds, batchTimes } = await play(run, ways[way].isStream);
  const runs = batchTimes.length;
  const perRun = batchTimes.reduce((sum, each) => sum + each, 0) / runs;
  return {
    ...{ way, records, changesPerMinute, seconds, used, rest, wallSeconds, ...total },
    changes: leafHistory(options).length,
    httpBytes: api.bytes() - httpBefore,
    batches: runs === 0 ? undefined : { intervalSeconds, runs, seconds: perRun, empty },
    p50: atShare(run.watcher.staleness, 0.5),
    p99: atShare(run.watcher.staleness, 0.99),
    differences: await databases.differences(),
  };
}

function runOf(
  options: WayOptions,
  { consumer }: ComparisonDatabases,
  mirror: Mirror,
  apiUrl: string,
  signal: AbortSignal,
): WayRun {
  const clock = new ScaledClock();
  const realNow = () => performance.now() / 1_000;
  const { isStream } = ways[options.way];
  const watcher = new CopyWatcher(consumer, isStream ? realNow : () => clock.now());
  const player = new ChangePlayer(leafHistory(options), {
    api: new ImageApiClient(apiUrl),
    clock,
    // What keeps a change waiting for a batch goes at scaled time, so that one that the machine made late has the time
    // that it should have had. A stream is never waited for.
    changed: ({ plant, id, at }, version) => watcher.changed(plant, id, version, isStream ? realNow() : at),
  });
  const { scale, seconds, intervalSeconds } = options;
  return { mirror, clock, watcher, player, scale, seconds, intervalSeconds, signal };
}

async function play(run: WayRun, isStream: boolean) {
  const [before, since] = [await run.mirror.usage(), performance.now()];
  const batchTimes: number[] = [];
  if (isStream) await playStream(run);
  else batchTimes.push(...(await playBatches(run)));
  const wallSeconds = (performance.now() - since) / 1_000;
  return { used: usageBetween(before, await run.mirror.usage()), wallSeconds, batchTimes };
}

function mirrorSettings(
  way: Way,
  config: LeafConfig,
  { producerUrl, consumerUrl }: ComparisonDatabases,
): MirrorSettings {
  const kafka = { brokers: config.KAFKA_BOOTSTRAP_SERVERS, ...kafkaLogin(config) };
  const groupId = `${config.KAFKA_CONSUMER_GROUP_ID}-compare-${randomUUID().slice(0, 8)}`;
  return { way, producerUrl, consumerUrl, kafka, groupId, logLevel: config.LOG_LEVEL };
}
