import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { kafkaLogin } from '../../config/kafka-login.ts';
import type { LeafConfig } from '../../config/leaf-config.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { ImageApiClient } from '../jobs/image-api-client.ts';
import type { CountImages } from '../leaf-metrics.ts';
import { plants } from '../plants.ts';
import { ChangePlayer } from './change-player.ts';
import { ComparisonDatabases } from './comparison-databases.ts';
import { CopyWatcher } from './copy-watcher.ts';
import { type HistoryOptions, leafHistory } from './leaf-history.ts';
import { MeasuredImageApi } from './measured-image-api.ts';
import { Mirror } from './mirror.ts';
import type { MirrorUsage } from './mirror-messages.ts';
import { ScaledClock } from './scaled-clock.ts';
import { fillDatabases } from './starting-images.ts';
import { atShare, type Batches, usageBetween, type WayMeasure } from './way-measure.ts';
import { type Way, ways } from './ways.ts';

export interface WayOptions extends HistoryOptions {
  readonly way: Way;
  /** How many times faster than time a history goes. */
  readonly scale: number;
  /** Between two batches, in seconds of the history. */
  readonly intervalSeconds: number;
  /** Measured before, or the seconds to measure it for. */
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
  const { config, moved, logger, signal } = parts;
  const urls = [config.MONGO_PRODUCER_URL, config.MONGO_CONSUMER_URL] as const;
  await using databases = await ComparisonDatabases.open(...urls, logger);
  await fillDatabases(databases.producer, databases.consumer, options.records, signal);
  const total = { images: 0, bytes: 0 };
  await using mirror = await Mirror.start(mirrorSettings(options.way, config, databases), (plant, images, bytes) => {
    total.images += images;
    total.bytes += bytes;
    moved(plant, images, bytes);
  });
  const changed = (plant: (typeof plants)[number], id: number) => mirror.changed(plant, id);
  await using api = await MeasuredImageApi.open(databases.producer, changed, logger);

  const clock = new ScaledClock();
  const { isStream } = ways[options.way];
  // A stream is never waited for at scaled time; a batch is, but for what it takes to copy.
  const now = isStream ? () => performance.now() / 1_000 : () => clock.now();
  const watcher = new CopyWatcher(databases.consumer, now);
  const changes = leafHistory(options);
  const player = new ChangePlayer(changes, {
    api: new ImageApiClient(api.url),
    clock,
    changed: (plant, id, version) => watcher.changed(plant, id, version),
  });
  const run = { options, mirror, clock, watcher, player, signal };
  const empty = await warmUp(run);
  const rest = await restOf(run);

  watcher.begin();
  Object.assign(total, { images: 0, bytes: 0 });
  const [before, httpBefore, since] = [await mirror.usage(), api.bytes(), performance.now()];
  const runs = await (isStream ? playStream(run) : playBatches(run));
  const wallSeconds = (performance.now() - since) / 1_000;
  const used = usageBetween(before, await mirror.usage());
  const { way, records, changesPerMinute, seconds, intervalSeconds } = options;
  const perRun = runs.reduce((sum, each) => sum + each, 0) / runs.length;
  return {
    ...{ way, records, changesPerMinute, seconds, wallSeconds, used, rest },
    changes: changes.length,
    images: total.images,
    imageBytes: total.bytes,
    httpBytes: api.bytes() - httpBefore,
    batches: isStream ? undefined : { intervalSeconds, runs: runs.length, seconds: perRun, empty },
    p50: atShare(watcher.staleness, 0.5),
    p99: atShare(watcher.staleness, 0.99),
    differences: await databases.differences(),
  };
}

interface Run {
  readonly options: WayOptions;
  readonly mirror: Mirror;
  readonly clock: ScaledClock;
  readonly watcher: CopyWatcher;
  readonly player: ChangePlayer;
  readonly signal: AbortSignal;
}

/** Until a change of each plant has its copy, so that connecting and joining a group are not measured. Then a batch without changes. */
async function warmUp({ mirror, watcher, player, signal }: Run): Promise<Batches['empty']> {
  for (const plant of plants) {
    await player.make({ kind: 'update', plant, id: 1, camera: 1, at: 0 }, signal);
  }
  await mirror.copy();
  await watcher.untilAllSeen(signal);
  const [before, since] = [await mirror.usage(), performance.now()];
  await mirror.copy();
  const seconds = (performance.now() - since) / 1_000;
  const { kafka, mongodb, cpuSeconds } = usageBetween(before, await mirror.usage());
  return { seconds, bytes: kafka + mongodb, cpuSeconds };
}

/** In a second. */
async function restOf({ options: { rest }, mirror, signal }: Run): Promise<MirrorUsage> {
  if (typeof rest !== 'number') return rest;
  const [before, since] = [await mirror.usage(), performance.now()];
  await sleep(rest * 1_000, undefined, { signal });
  const used = usageBetween(before, await mirror.usage());
  const seconds = (performance.now() - since) / 1_000;
  return {
    kafka: used.kafka / seconds,
    mongodb: used.mongodb / seconds,
    cpuSeconds: used.cpuSeconds / seconds,
  };
}

async function playStream({ options, clock, watcher, player, signal }: Run): Promise<number[]> {
  clock.runAt(options.scale);
  await watcher.during(player.play(signal), signal);
  await watcher.untilAllSeen(signal);
  return [];
}

/** Resolves to the seconds that each batch took. While one copies, the clock runs as fast as time. */
async function playBatches({ options, mirror, clock, watcher, player, signal }: Run): Promise<number[]> {
  const failed = new AbortController();
  const ended = AbortSignal.any([signal, failed.signal]);
  clock.runAt(options.scale);
  const playing = player.play(ended).catch(error => {
    failed.abort(error);
    throw error;
  });
  const seconds: number[] = [];
  try {
    const { intervalSeconds } = options;
    // One more where the last has come too early for a change.
    const isOver = (due: number) => due - intervalSeconds >= options.seconds && watcher.awaited === 0;
    for (let due = intervalSeconds; !isOver(due); due += intervalSeconds) {
      await clock.until(due, ended);
      clock.runAt(1);
      await player.madeUpTo(due, ended);
      const since = performance.now();
      await watcher.during(mirror.copy(), ended);
      seconds.push((performance.now() - since) / 1_000);
      clock.runAt(options.scale);
    }
    await playing;
    return seconds;
  } catch (error) {
    failed.abort(error);
    await playing.catch(() => {});
    throw error;
  }
}

function mirrorSettings(way: Way, config: LeafConfig, { producerUrl, consumerUrl }: ComparisonDatabases) {
  const kafka = { brokers: config.KAFKA_BOOTSTRAP_SERVERS, ...kafkaLogin(config) };
  const groupId = `${config.KAFKA_CONSUMER_GROUP_ID}-compare-${randomUUID().slice(0, 8)}`;
  return { way, producerUrl, consumerUrl, kafka, groupId, logLevel: config.LOG_LEVEL };
}
