import { Binary } from 'mongodb';
import { isDuplicate } from '../../mongodb/mongo-faults.ts';
import type { Plant } from '../plants.ts';
import { ImageQueries } from './image-queries.ts';
import type { LeafDatabase } from './leaf-database.ts';
import { hasDisease, type ImageChange, type ImageDocument, type ImageFacts } from './plant-image.ts';

export type NewImage = Pick<ImageFacts, 'camera_id' | 'gps_coordinates'> & { readonly photo: Uint8Array };

/**
 * The changes of the producer's images. Each is one write of one document, which with the change notes that Kafka lacks
 * it: the two are never without each other, on any MongoDB. All throw `storage-unavailable` while MongoDB is away.
 */
export class ImageChanges {
  readonly #database: LeafDatabase;
  readonly #queries: ImageQueries;
  /** The highest id of each plant that this process has seen, and the creation that is under way or was the last. */
  readonly #lastIds = new Map<Plant, number>();
  readonly #creations = new Map<Plant, Promise<unknown>>();
  readonly #changed: (plant: Plant, id: number) => void;

  /** @param changed hears of each change, once it is durable */
  constructor(database: LeafDatabase, changed: (plant: Plant, id: number) => void) {
    this.#database = database;
    this.#queries = new ImageQueries(database);
    this.#changed = changed;
  }

  /** One after the other, so that none that fails leaves a gap among the ids. */
  create(plant: Plant, image: NewImage): Promise<ImageDocument> {
    const creation = (this.#creations.get(plant) ?? Promise.resolve()).then(() => this.#create(plant, image));
    this.#creations.set(
      plant,
      creation.catch(() => {}),
    );
    return creation;
  }

  /** The image after the change; null where there is none that is not deleted. */
  async change(plant: Plant, id: number, change: ImageChange): Promise<ImageDocument | null> {
    const { disease } = change;
    const follows = disease === undefined ? {} : { has_disease: hasDisease(disease) };
    return await this.#update(plant, id, { ...change, ...follows });
  }

  /** Whether there was one; that it is deleted already is as good. */
  async delete(plant: Plant, id: number): Promise<boolean> {
    if ((await this.#update(plant, id, { is_deleted: true })) !== null) return true;
    return (await this.#queries.get(plant, id)) !== null;
  }

  /** Under the next id: where several processes want the same, the unique index lets one of them have it. */
  async #create(plant: Plant, { camera_id, gps_coordinates, photo }: NewImage): Promise<ImageDocument> {
    const now = new Date();
    const facts = { camera_id, gps_coordinates, created_at: now, updated_at: now, is_active: false };
    const unknown = { disease: null, percentage: null, has_disease: false, is_deleted: false };
    const image = { ...facts, ...unknown, data: new Binary(photo), version: 1, unpublished: now };
    for (;;) {
      const id = (this.#lastIds.get(plant) ?? (await this.#queries.lastId(plant))) + 1;
      this.#lastIds.delete(plant);
      if (!(await this.#insert(plant, { id, ...image }))) continue;
      this.#lastIds.set(plant, id);
      this.#changed(plant, id);
      return { id, ...image };
    }
  }

  /** False where the id is somebody else's meanwhile. */
  async #insert(plant: Plant, document: ImageDocument): Promise<boolean> {
    try {
      await this.#database.ask(plant, images => images.insertOne(document));
      return true;
    } catch (error) {
      if (isDuplicate(error)) return false;
      throw error;
    }
  }

  async #update(plant: Plant, id: number, set: Partial<ImageDocument>): Promise<ImageDocument | null> {
    const now = new Date();
    const document = await this.#database.ask(plant, images =>
      images.findOneAndUpdate(
        { id, is_deleted: false },
        // The least: since the first of the changes that Kafka lacks.
        { $set: { ...set, updated_at: now }, $inc: { version: 1 }, $min: { unpublished: now } },
        { returnDocument: 'after' },
      ),
    );
    if (document !== null) this.#changed(plant, id);
    return document;
  }
}
