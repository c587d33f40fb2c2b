import { createHash } from 'node:crypto';
import { BSON, type Db, type Document, type Filter, MongoClient, type WithId } from 'mongodb';
import { type ResizeImageField, resizeImageFields } from '../jobs/resize-sizes.ts';

/** A document whose images are to be resized. */
export interface ImageDocument {
  /** Its `_id` as canonical Extended JSON. */
  readonly id: string;
  /** Those that are to be made; at least one. */
  readonly images: readonly { readonly field: ResizeImageField; readonly url: string }[];
  /** The same for the same document with the same addresses, until their infos are written. */
  readonly version: string;
}

/** Which documents are meant beside those whose images have no info, or one of another address. */
export interface DocumentChoice {
  /** Also those whose info is an error. */
  readonly failed: boolean;
}

/** What is known of an image of a document. */
export interface DocumentInfo {
  readonly url: string;
  readonly info: object;
}

/** Documents that are read in one go. */
const batchSize = 500;
const connectMs = 5_000;

/** The collections of a MongoDB database whose documents have images (`image_url`, `itunes_image`) and infos of them. */
export class ImageDocuments implements AsyncDisposable {
  readonly #client: MongoClient;
  readonly #db: Db;

  /** @param url of the server, with the database's name in its path. Nothing is connected to before it is used. */
  constructor(url: string) {
    this.#client = new MongoClient(url, {
      serverSelectionTimeoutMS: connectMs,
      connectTimeoutMS: connectMs,
      writeConcern: { w: 'majority', journal: true },
    });
    this.#db = this.#client.db();
  }

  count(collection: string, choice: DocumentChoice): Promise<number> {
    return this.#db.collection(collection).countDocuments(unresized(choice));
  }

  /** In batches, by `_id`. */
  async *find(collection: string, choice: DocumentChoice): AsyncGenerator<ImageDocument[]> {
    const fields = resizeImageFields.flatMap(field => [field, infoOf(field), sourceOf(field)]);
    const cursor = this.#db
      .collection(collection)
      .find(unresized(choice), { projection: Object.fromEntries(fields.map(field => [field, 1])), batchSize })
      .sort({ _id: 1 });
    let batch: ImageDocument[] = [];
    for await (const document of cursor) {
      batch.push(read(document, choice));
      if (batch.length < batchSize) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  /**
   * Writes infos beside the addresses that they are of. An address that has changed meanwhile, or a document that is
   * gone, is left alone.
   */
  async setInfos(
    collection: string,
    id: string,
    infos: Partial<Record<ResizeImageField, DocumentInfo>>,
  ): Promise<void> {
    const _id = BSON.EJSON.parse(id, { relaxed: false });
    for (const [field, { url, info }] of Object.entries(infos)) {
      await this.#db.collection(collection).updateOne(
        { _id, [field]: url },
        {
          $set: { [infoOf(field)]: info, [`${sourceOf(field)}.url`]: url },
          $inc: { [`${sourceOf(field)}.times`]: 1 },
        },
      );
    }
  }

  /** How many infos there are that are errors, by code. */
  async failures(collection: string): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for (const field of resizeImageFields) {
      const code = `${infoOf(field)}.error.code`;
      const groups = this.#db
        .collection(collection)
        .aggregate([
          { $match: { [code]: { $exists: true } } },
          { $group: { _id: `$${code}`, n: { $sum: 1 } } },
        ]);
      for await (const { _id, n } of groups) counts.set(_id, (counts.get(_id) ?? 0) + n);
    }
    return counts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }
}

function infoOf(field: string): string {
  return `${field}_info`;
}

/** `{url, times}`: the address that the info is of, and how often it was written. Infos of other writers have none, and are believed. */
function sourceOf(field: string): string {
  return `${field}_info_source`;
}

function unresized(choice: DocumentChoice): Filter<Document> {
  return { $or: resizeImageFields.map(field => unresizedIn(field, choice)) };
}

function unresizedIn(field: ResizeImageField, { failed }: DocumentChoice): Filter<Document> {
  const source = sourceOf(field);
  return {
    [field]: { $type: 'string', $ne: '' },
    $or: [
      // Also where it is missing.
      { [infoOf(field)]: null },
      { [source]: { $exists: true }, $expr: { $ne: [`$${field}`, `$${source}.url`] } },
      ...(failed ? [{ [`${infoOf(field)}.error`]: { $exists: true } }] : []),
    ],
  };
}

function read(document: WithId<Document>, choice: DocumentChoice): ImageDocument {
  const images = resizeImageFields.flatMap(field => {
    const url = document[field];
    return typeof url === 'string' && url !== '' && isUnresized(document, field, choice)
      ? [{ field, url }]
      : [];
  });
  const times = images.map(({ field }) => document[sourceOf(field)]?.times ?? 0);
  const version = createHash('sha256')
    .update(JSON.stringify([images, times]))
    .digest('hex')
    .slice(0, 32);
  return { id: BSON.EJSON.stringify(document._id, { relaxed: false }), images, version };
}

function isUnresized(document: Document, field: ResizeImageField, { failed }: DocumentChoice): boolean {
  const [info, source] = [document[infoOf(field)], document[sourceOf(field)]];
  if (info === undefined || info === null) return true;
  if (source !== undefined && source.url !== document[field]) return true;
  return failed && info.error !== undefined;
}
