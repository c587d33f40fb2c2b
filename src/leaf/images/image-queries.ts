import { randomInt } from 'node:crypto';
import { BSON, type Filter } from 'mongodb';
import type { Plant } from '../plants.ts';
import { idIndex, type LeafDatabase, listIndex } from './leaf-database.ts';
import type { ImageDocument } from './plant-image.ts';

/** Which images are meant among those that are not deleted; unset is both. */
export interface ImageFilter {
  readonly is_active?: boolean;
  readonly has_disease?: boolean;
}

/** For one answer, in milliseconds. */
const timeoutMS = 10_000;
/** Of the documents of one list: an answer has their photos in digits, which are twice as many. */
const mostListBytes = 16_000_000;

/** Every question that is asked of the images. All throw `storage-unavailable` while MongoDB is away. */
export class ImageQueries {
  readonly #database: LeafDatabase;

  constructor(database: LeafDatabase) {
    this.#database = database;
  }

  /** Also a deleted one. */
  get(plant: Plant, id: number): Promise<ImageDocument | null> {
    return this.#database.ask(plant, images => images.findOne({ id }, { timeoutMS }));
  }

  count(plant: Plant, filter: ImageFilter): Promise<number> {
    return this.#database.ask(plant, images =>
      images.countDocuments(shown(filter), { hint: listIndex, timeoutMS }),
    );
  }

  /** By id, from this one on; fewer than the limit where their documents have more than 16 MB. Empty at the end alone. */
  list(plant: Plant, filter: ImageFilter, fromId: number, limit: number): Promise<ImageDocument[]> {
    const chosen = { ...shown(filter), id: { $gte: fromId } };
    return this.#database.ask(plant, async images => {
      const found = images.find(chosen, { timeoutMS, hint: listIndex }).sort({ id: 1 }).limit(limit);
      const listed: ImageDocument[] = [];
      let bytes = 0;
      for await (const image of found) {
        bytes += BSON.calculateObjectSize(image);
        if (bytes > mostListBytes && listed.length > 0) break;
        listed.push(image);
      }
      return listed;
    });
  }

  /**
   * The next one from a random id on: two look-ups in an index, where `$sample` reads all that match. After a gap in what
   * matches an image is chosen more often, which nobody here minds.
   */
  async random(plant: Plant, filter: ImageFilter): Promise<ImageDocument | undefined> {
    const last = await this.lastId(plant);
    if (last === 0) return undefined;
    const [found] = await this.list(plant, filter, randomInt(1, last + 1), 1);
    return found ?? (await this.list(plant, filter, 1, 1))[0];
  }

  /** 0 where there is none. */
  async lastId(plant: Plant): Promise<number> {
    const [last] = await this.#database.ask(plant, images =>
      images
        .find({}, { timeoutMS, hint: idIndex, projection: { _id: 0, id: 1 } })
        .sort({ id: -1 })
        .limit(1)
        .toArray(),
    );
    return last?.id ?? 0;
  }
}

/** A missing filter as both values: then one index serves all of them, in the order of ids. */
function shown({ is_active, has_disease }: ImageFilter): Filter<ImageDocument> {
  return {
    is_deleted: false,
    is_active: is_active ?? { $in: [true, false] },
    has_disease: has_disease ?? { $in: [true, false] },
  };
}
