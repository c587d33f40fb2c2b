import type { Collection, Filter } from 'mongodb';
import { unlessAborted } from '../../errors/in-time.ts';
import type { LeafDatabase } from '../images/leaf-database.ts';
import type { ImageDocument } from '../images/plant-image.ts';
import { batchSize, copiedFields, copyBatch, timeoutMS } from '../jobs/copy-images.ts';
import type { CountImages } from '../leaf-metrics.ts';
import { type Plant, plants } from '../plants.ts';

/** Up to where the images of a plant were copied. */
interface Mark {
  readonly time: Date;
  /** Those of that very time. */
  readonly done: readonly Pick<ImageDocument, 'id' | 'version'>[];
}

const timeIndex = { updated_at: 1 } as const;

/**
 * A batch that copies the images that were changed since the last time, by `updated_at`. Changes of a plant have to be made
 * one after the other and by one clock: it does not find one that says an earlier time than others that were copied.
 */
export class ChangedImages {
  readonly #producer: LeafDatabase;
  readonly #consumer: LeafDatabase;
  readonly #copied: CountImages;
  readonly #marks = new Map<Plant, Mark>();

  constructor(producer: LeafDatabase, consumer: LeafDatabase, copied: CountImages) {
    this.#producer = producer;
    this.#consumer = consumer;
    this.#copied = copied;
  }

  /** Counts all that there is as copied. */
  async begin(): Promise<void> {
    for (const plant of plants) {
      await this.#producer.ask(plant, images => images.createIndex(timeIndex));
      const [newest] = await this.#producer.ask(plant, images =>
        images
          .find({}, { projection: { _id: 0, updated_at: 1 } })
          .sort({ updated_at: -1 })
          .limit(1)
          .toArray(),
      );
      this.#marks.set(plant, { time: new Date((newest?.updated_at.getTime() ?? 0) + 1), done: [] });
    }
  }

  /** Throws `storage-unavailable` while either database is away; when aborted, the signal's reason. */
  async copy(signal: AbortSignal): Promise<void> {
    for (const plant of plants) {
      while (await this.#copyNext(plant, signal));
    }
  }

  /** False when there is nothing to copy. */
  async #copyNext(plant: Plant, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    const mark = this.#marks.get(plant) ?? { time: new Date(0), done: [] };
    const batch = await unlessAborted(
      this.#producer.ask(plant, images => changedSince(images, mark)),
      signal,
    );
    const time = batch.at(-1)?.updated_at;
    if (time === undefined) return false;
    this.#copied(plant, batch.length, await copyBatch(this.#consumer, plant, batch, signal));
    const done = batch.filter(image => image.updated_at.getTime() === time.getTime());
    const before = mark.time.getTime() === time.getTime() ? mark.done : [];
    this.#marks.set(plant, { time, done: [...before, ...done.map(({ id, version }) => ({ id, version }))] });
    return true;
  }
}

function changedSince(images: Collection<ImageDocument>, { time, done }: Mark): Promise<ImageDocument[]> {
  const since: Filter<ImageDocument> = { updated_at: { $gte: time } };
  const filter = done.length === 0 ? since : { ...since, $nor: [...done] };
  return images
    .find<ImageDocument>(filter, { projection: copiedFields, hint: timeIndex, timeoutMS })
    .sort(timeIndex)
    .limit(batchSize)
    .toArray();
}
