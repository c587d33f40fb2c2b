import type { Filter } from 'mongodb';
import type { Plant } from '../plants.ts';
import type { LeafDatabase } from './leaf-database.ts';
import type { ImageDocument } from './plant-image.ts';

/** The images of the producer whose last change Kafka lacks. All throw `storage-unavailable` while MongoDB is away. */
export class UnpublishedImages {
  readonly #database: LeafDatabase;
  /** Whether photos come along also where Kafka has them. */
  readonly #alwaysPhotos: boolean;

  constructor(database: LeafDatabase, alwaysPhotos: boolean) {
    this.#database = database;
    this.#alwaysPhotos = alwaysPhotos;
  }

  /** Those of these ids. */
  among(plant: Plant, ids: readonly number[]): Promise<ImageDocument[]> {
    return this.#find(plant, { id: { $in: [...ids] }, unpublished: { $exists: true } }, ids.length);
  }

  /** Those that have waited the longest, since before that time. */
  since(plant: Plant, time: Date, limit: number): Promise<ImageDocument[]> {
    return this.#find(plant, { unpublished: { $lte: time } }, limit);
  }

  /** To be called when Kafka has them. Those that were changed meanwhile stay unpublished. */
  async setPublished(plant: Plant, documents: readonly ImageDocument[]): Promise<void> {
    for (const [version, same] of Map.groupBy(documents, document => document.version)) {
      const ids = same.map(({ id }) => id);
      const published = { $set: { published: version }, $unset: { unpublished: true } } as const;
      await this.#database.ask(plant, images => images.updateMany({ id: { $in: ids }, version }, published));
    }
  }

  /** The photos are fetched apart, because most changes need none. */
  async #find(plant: Plant, filter: Filter<ImageDocument>, limit: number): Promise<ImageDocument[]> {
    const found = await this.#database.ask(plant, images =>
      images
        .find(filter, { projection: { data: 0 } })
        .sort({ unpublished: 1 })
        .limit(limit)
        .toArray(),
    );
    const withPhoto = found.filter(({ published }) => this.#alwaysPhotos || published === undefined);
    if (withPhoto.length === 0) return found;
    const ids = withPhoto.map(({ id }) => id);
    const photos = await this.#database.ask(plant, images =>
      images.find({ id: { $in: ids } }, { projection: { _id: 0, id: 1, data: 1 } }).toArray(),
    );
    const byId = new Map(photos.map(({ id, data }) => [id, data]));
    return found.map(document => {
      const data = byId.get(document.id);
      return data === undefined ? document : { ...document, data };
    });
  }
}
