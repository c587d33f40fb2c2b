import { type AnyBulkWriteOperation, Binary, type Collection } from 'mongodb';
import { duplicatesAlone } from '../../mongodb/mongo-faults.ts';
import type { ImageEvent } from '../events/image-event.ts';
import type { Plant } from '../plants.ts';
import type { LeafDatabase } from './leaf-database.ts';
import { hasDisease, type ImageDocument } from './plant-image.ts';

/** What is known of a copy before it is written. */
interface KnownCopy {
  readonly version: number;
  readonly hasPhoto: boolean;
}

/**
 * The consumer's copies of images. However often events come and in whatever order, a copy has the highest version of
 * those that came, and the photo if one of them had it.
 */
export class ImageCopies {
  readonly #database: LeafDatabase;

  constructor(database: LeafDatabase) {
    this.#database = database;
  }

  /** Resolves when the copies are durable. Throws `storage-unavailable` while MongoDB is away. */
  async write(plant: Plant, events: readonly ImageEvent[]): Promise<void> {
    const states = newestStates(events);
    await this.#database.ask(plant, async images => {
      const known = await knownCopies(images, [...states.keys()]);
      const missing = [...states.values()].filter(({ image }) => !known.has(image.id));
      // Somebody else has made those meanwhile, and nobody knows of which version.
      const late = new Set(await insertMissing(images, missing));
      const changes = [...states.values()].flatMap(state => {
        const copy = known.get(state.image.id);
        return copy !== undefined || late.has(state) ? changesOf(state, copy) : [];
      });
      if (changes.length > 0) await images.bulkWrite(changes, { ordered: false });
    });
  }
}

/** Of each image the event of the highest version, with the photo if any of them has it. */
function newestStates(events: readonly ImageEvent[]): Map<number, ImageEvent> {
  const states = new Map<number, ImageEvent>();
  for (const event of events) {
    const other = states.get(event.image.id);
    const newer = other === undefined || event.image.version > other.image.version ? event : other;
    const data = newer.data ?? event.data ?? other?.data;
    states.set(event.image.id, data === undefined ? newer : { ...newer, data });
  }
  return states;
}

async function knownCopies(
  images: Collection<ImageDocument>,
  ids: number[],
): Promise<Map<number, KnownCopy>> {
  const projection = { _id: 0, id: 1, version: 1, photo: { $type: '$data' } };
  const found = await images
    .find<{ id: number; version?: number; photo: string }>({ id: { $in: ids } }, { projection })
    .toArray();
  // A document of an earlier system has no version: it is older than any event.
  return new Map(
    found.map(({ id, version = 0, photo }) => [id, { version, hasPhoto: photo === 'binData' }] as const),
  );
}

/** Many in one write, which is several times as fast as updates that insert. Returns those that are there after all. */
async function insertMissing(
  images: Collection<ImageDocument>,
  states: readonly ImageEvent[],
): Promise<ImageEvent[]> {
  if (states.length === 0) return [];
  const documents = states.map(({ image, data }) => ({
    ...image,
    has_disease: hasDisease(image.disease),
    ...(data !== undefined && { data: new Binary(data) }),
  }));
  try {
    await images.insertMany(documents as ImageDocument[], { ordered: false });
    return [];
  } catch (error) {
    const duplicates = duplicatesAlone(error);
    if (duplicates === undefined) throw error;
    return duplicates.flatMap(index => states[index] ?? []);
  }
}

/** Both are written only where they still belong: another member of the group may be at work on the same image. */
function changesOf(state: ImageEvent, known: KnownCopy | undefined): AnyBulkWriteOperation<ImageDocument>[] {
  const { image, data } = state;
  const { id, version, ...facts } = image;
  const changes: AnyBulkWriteOperation<ImageDocument>[] = [];
  if (known === undefined || known.version < version) {
    const set = { ...facts, version, has_disease: hasDisease(facts.disease) };
    // Also where there is no version.
    changes.push({
      updateOne: { filter: { id, version: { $not: { $gte: version } } }, update: { $set: set } },
    });
  }
  if (data !== undefined && !known?.hasPhoto) {
    const filter = { id, data: { $exists: false } };
    changes.push({ updateOne: { filter, update: { $set: { data: new Binary(data) } } } });
  }
  return changes;
}
