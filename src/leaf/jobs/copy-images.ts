import { type AnyBulkWriteOperation, BSON, type Collection } from 'mongodb';
import { unlessAborted } from '../../errors/in-time.ts';
import { duplicatesAlone } from '../../mongodb/mongo-faults.ts';
import type { LeafDatabase } from '../images/leaf-database.ts';
import type { ImageDocument } from '../images/plant-image.ts';
import type { Plant } from '../plants.ts';

/** Images that are read and written at a time: of 20 KB each, 2 MB. */
export const batchSize = 100;
/** For one answer, in milliseconds. */
export const timeoutMS = 60_000;

/** What is of one database alone stays there. */
export const copiedFields = { _id: 0, unpublished: 0, published: 0 } as const;

export interface Copied {
  readonly images: number;
  /** Of their documents. */
  readonly bytes: number;
}

/**
 * Copies all images of a plant from one database to another, of which the latter may be ahead: no copy becomes older.
 * Throws `storage-unavailable` while either is away; when aborted, the signal's reason.
 * @param copied hears of each batch that is durable
 */
export async function copyImages(
  source: LeafDatabase,
  target: LeafDatabase,
  plant: Plant,
  signal: AbortSignal,
  copied: (plant: Plant, images: number, bytes: number) => void = () => {},
): Promise<Copied> {
  let total: Copied = { images: 0, bytes: 0 };
  for (let fromId = 1; ; ) {
    signal.throwIfAborted();
    const batch = await unlessAborted(
      source.ask(plant, images => nextBatch(images, fromId)),
      signal,
    );
    const last = batch.at(-1);
    if (last === undefined) return total;
    const bytes = await copyBatch(target, plant, batch, signal);
    copied(plant, batch.length, bytes);
    total = { images: total.images + batch.length, bytes: total.bytes + bytes };
    fromId = last.id + 1;
  }
}

/** Resolves to the bytes of the documents once they are durable. No copy becomes older. */
export async function copyBatch(
  target: LeafDatabase,
  plant: Plant,
  batch: readonly ImageDocument[],
  signal: AbortSignal,
): Promise<number> {
  await unlessAborted(
    target.ask(plant, images => write(images, batch)),
    signal,
  );
  return batch.reduce((sum, document) => sum + BSON.calculateObjectSize(document), 0);
}

/** By id instead of by one cursor, which a server closes when a slow target makes it wait. */
function nextBatch(images: Collection<ImageDocument>, fromId: number): Promise<ImageDocument[]> {
  return images
    .find<ImageDocument>({ id: { $gte: fromId } }, { projection: copiedFields, timeoutMS })
    .sort({ id: 1 })
    .limit(batchSize)
    .toArray();
}

async function write(images: Collection<ImageDocument>, batch: readonly ImageDocument[]): Promise<void> {
  const operations = batch.map<AnyBulkWriteOperation<ImageDocument>>(document => ({
    replaceOne: {
      // A stream may have brought a newer one meanwhile: then there is none to replace, and none can be added.
      filter: { id: document.id, version: { $not: { $gt: document.version ?? 0 } } },
      replacement: document,
      upsert: true,
    },
  }));
  try {
    await images.bulkWrite(operations, { ordered: false, timeoutMS });
  } catch (error) {
    // Those of which there is a newer one.
    if (duplicatesAlone(error) === undefined) throw error;
  }
}
