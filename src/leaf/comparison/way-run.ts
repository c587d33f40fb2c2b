import { setTimeout as sleep } from 'node:timers/promises';
import { plants } from '../plants.ts';
import type { ChangePlayer } from './change-player.ts';
import type { CopyWatcher } from './copy-watcher.ts';
import type { Mirror } from './mirror.ts';
import type { MirrorUsage } from './mirror-messages.ts';
import type { ScaledClock } from './scaled-clock.ts';
import { type Batches, usageBetween } from './way-measure.ts';

/** Everything that takes part while one way is measured. */
export interface WayRun {
  readonly mirror: Mirror;
  readonly clock: ScaledClock;
  readonly watcher: CopyWatcher;
  readonly player: ChangePlayer;
  /** How many times faster than time the history goes. */
  readonly scale: number;
  /** Of the history. */
  readonly seconds: number;
  /** Between two batches, in seconds of the history. */
  readonly intervalSeconds: number;
  readonly signal: AbortSignal;
}

/**
 * Until a change of each plant has its copy, so that connecting and joining a group are not measured. Resolves to what a batch
 * without changes takes then.
 */
export async function warmUp({ mirror, watcher, player, signal }: WayRun): Promise<Batches['empty']> {
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

/** What a second without changes takes, measured for so many. */
export async function usageAtRest({ mirror, signal }: WayRun, restSeconds: number): Promise<MirrorUsage> {
  const [before, since] = [await mirror.usage(), performance.now()];
  await sleep(restSeconds * 1_000, undefined, { signal });
  const { kafka, mongodb, cpuSeconds } = usageBetween(before, await mirror.usage());
  const seconds = (performance.now() - since) / 1_000;
  return { kafka: kafka / seconds, mongodb: mongodb / seconds, cpuSeconds: cpuSeconds / seconds };
}

/** Resolves when all changes have their copies. */
export async function playStream({ scale, clock, watcher, player, signal }: WayRun): Promise<void> {
  clock.runAt(scale);
  await watcher.during(player.play(signal), signal);
  await watcher.untilAllSeen(signal);
}

/** Resolves to the seconds that each batch took. While one copies, the clock runs as fast as time. */
export async function playBatches(run: WayRun): Promise<number[]> {
  const failed = new AbortController();
  const signal = AbortSignal.any([run.signal, failed.signal]);
  run.clock.runAt(run.scale);
  const playing = run.player.play(signal).catch(error => {
    failed.abort(error);
    throw error;
  });
  try {
    const seconds = await copyAtIntervals({ ...run, signal });
    await playing;
    return seconds;
  } catch (error) {
    failed.abort(error);
    await playing.catch(() => {});
    throw error;
  }
}

async function copyAtIntervals(run: WayRun): Promise<number[]> {
  const { mirror, clock, watcher, player, signal, intervalSeconds } = run;
  // One more where the last has come too early for a change.
  const isOver = (due: number) => due - intervalSeconds >= run.seconds && watcher.awaited === 0;
  const seconds: number[] = [];
  for (let due = intervalSeconds; !isOver(due); due += intervalSeconds) {
    await clock.until(due, signal);
    clock.runAt(1);
    await player.madeUpTo(due, signal);
    const since = performance.now();
    await watcher.during(mirror.copy(), signal);
    seconds.push((performance.now() - since) / 1_000);
    clock.runAt(run.scale);
  }
  return seconds;
}
