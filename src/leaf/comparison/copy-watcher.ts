import { setTimeout as sleep } from 'node:timers/promises';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { LeafDatabase } from '../images/leaf-database.ts';
import { type Plant, plants } from '../plants.ts';

/** Between two looks, in milliseconds. */
const pauseMs = 10;
/** Without a single copy, in milliseconds. */
const patienceMs = 60_000;
/** In one look at a plant. */
const mostAtOnce = 500;

interface AwaitedCopy {
  readonly id: number;
  readonly version: number;
  /** When the image was changed, by the clock. */
  readonly since: number;
}

/** Looks into the consumer's database, as any reader might, until it shows what the producer's has. */
export class CopyWatcher {
  readonly #consumer: LeafDatabase;
  readonly #now: () => number;
  readonly #awaited = new Map<Plant, AwaitedCopy[]>(plants.map(plant => [plant, []]));
  readonly #staleness: number[] = [];

  /** @param now a clock, in seconds */
  constructor(consumer: LeafDatabase, now: () => number) {
    this.#consumer = consumer;
    this.#now = now;
  }

  /** Seconds from each change to its copy, of those that were seen. */
  get staleness(): readonly number[] {
    return this.#staleness;
  }

  get awaited(): number {
    return [...this.#awaited.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** Forgets what it has seen. */
  begin(): void {
    this.#staleness.length = 0;
  }

  /** @param since when it was changed, by the clock */
  changed(plant: Plant, id: number, version: number, since: number): void {
    this.#awaited.get(plant)?.push({ id, version, since });
  }

  /** Looks until the work is done, and once after that. Throws what the work throws. */
  async during<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
    let isDone = false;
    const end = () => {
      isDone = true;
    };
    work.then(end, end);
    while (!isDone) {
      signal.throwIfAborted();
      await this.#look();
      await sleep(pauseMs);
    }
    await this.#look();
    return await work;
  }

  /** Throws `storage-unavailable` when no copy comes for a minute. */
  async untilAllSeen(signal: AbortSignal): Promise<void> {
    let [left, since] = [this.awaited, performance.now()];
    while (left > 0) {
      signal.throwIfAborted();
      await this.#look();
      if (this.awaited < left) [left, since] = [this.awaited, performance.now()];
      else if (performance.now() - since > patienceMs) {
        throw new TintypeError(
          'storage-unavailable',
          `${left} changes have not reached the consumer’s database.`,
        );
      }
      if (left > 0) await sleep(pauseMs);
    }
  }

  async #look(): Promise<void> {
    await Promise.all(plants.map(plant => this.#lookAt(plant)));
  }

  async #lookAt(plant: Plant): Promise<void> {
    const asked = (this.#awaited.get(plant) ?? []).slice(0, mostAtOnce);
    if (asked.length === 0) return;
    const ids = [...new Set(asked.map(({ id }) => id))];
    const found = await this.#consumer.ask(plant, images =>
      images.find({ id: { $in: ids } }, { projection: { _id: 0, id: 1, version: 1 } }).toArray(),
    );
    const versions = new Map(found.map(({ id, version }) => [id, version]));
    const isSeen = ({ id, version }: AwaitedCopy) => (versions.get(id) ?? 0) >= version;
    const now = this.#now();
    for (const copy of asked) if (isSeen(copy)) this.#staleness.push(now - copy.since);
    // Others have joined meanwhile.
    const rest = this.#awaited.get(plant)?.slice(asked.length) ?? [];
    this.#awaited.set(plant, [...asked.filter(copy => !isSeen(copy)), ...rest]);
  }
}
