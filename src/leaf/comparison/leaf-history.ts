import { repeatableNumbers } from '../images/repeatable-numbers.ts';
import { type Plant, plants } from '../plants.ts';

/** What is done to an image, at a time in seconds from the beginning. */
export type LeafChange = { readonly at: number; readonly plant: Plant; readonly id: number } & (
  | { readonly kind: 'create' | 'update'; readonly camera: number }
  | { readonly kind: 'delete' }
);

export interface HistoryOptions {
  /** Images that are there at the beginning, of all plants. */
  readonly records: number;
  readonly changesPerMinute: number;
  readonly seconds: number;
}

/** Of so many changes one is a creation, and of so many one a deletion; the others are updates. */
const perCreation = 10;
const perDeletion = 20;
const firstDeletion = 5;
const cameras = 50;
const seed = 8;

/** Images of that plant at the beginning, from id 1 on. */
export function recordsOf(plant: Plant, records: number): number {
  return Math.floor((records + plants.length - 1 - plants.indexOf(plant)) / plants.length);
}

/** The changes in their order, spread over the time; the same for the same options. Needs an image of each plant. */
export function leafHistory({ records, changesPerMinute, seconds }: HistoryOptions): LeafChange[] {
  const next = repeatableNumbers(seed);
  const whole = (limit: number) => Math.floor(next() * limit);
  const living = new Map(
    plants.map(plant => [plant, Array.from({ length: recordsOf(plant, records) }, (_, index) => index + 1)]),
  );
  const lastIds = new Map(plants.map(plant => [plant, recordsOf(plant, records)]));
  const count = Math.round((changesPerMinute * seconds) / 60);
  return Array.from({ length: count }, (_, index): LeafChange => {
    const at = ((index + next()) * seconds) / count;
    const plant = plants[whole(plants.length)] ?? 'potato';
    const ids = living.get(plant) ?? [];
    const camera = 1 + whole(cameras);
    if (index % perCreation === 0 || ids.length < 2) {
      const id = (lastIds.get(plant) ?? 0) + 1;
      lastIds.set(plant, id);
      ids.push(id);
      return { at, plant, id, kind: 'create', camera };
    }
    const place = whole(ids.length);
    const id = ids[place] ?? 1;
    if (index % perDeletion !== firstDeletion) return { at, plant, id, kind: 'update', camera };
    ids.splice(place, 1);
    return { at, plant, id, kind: 'delete' };
  });
}
