import { createHash } from 'node:crypto';
import { BSON, type Db, type Document, type Filter, type MongoClient, type WithId } from 'mongodb';
import { type ResizeImageField, resizeImageFields } from '../answers/resize-sizes.ts';
import { mongoClient } from './mongo-client.ts';

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
  /** Since when that is known, in milliseconds since the epoch: an older one writes over no newer one. */
  readonly at: number;
}

/** Documents that are read in one go. */
const batchSize = 500;
/** In milliseconds. */
const connectMs = 5_000;

/** The collections of a MongoDB database whose documents have images (`image_url`, `itunes_image`) and infos of them. */
export class ImageDocuments implements AsyncDisposable {
  readonly #client: MongoClient;
  readonly #db: Db;

  /**
   * Throws `invalid-configuration` for a URL that MongoDB's client refuses. Nothing is connected to before it is used.
   * @param url of the server, with the database's name in its path
   */
  constructor(url: string) {
    this.#client = mongoClient(url, 'MONGO_URL', connectMs);
    this.#db = this.#client.db();
  }

  count(collection: string, choice: DocumentChoice): Promise<number> {
    return this.#db.collection(collection).countDocuments(unresized(choice));
  }

  /** In batches, by `_id`: each is a query of its own, because the caller may take its time. */
  async *find(collection: string, choice: DocumentChoice): AsyncGenerator<ImageDocument[]> {
    const fields = resizeImageFields.flatMap(field => [field, infoOf(field), sourceOf(field)]);
    const projection = Object.fromEntries(fields.map(field => [field, 1]));
    let last: WithId<Document> | undefined;
    do {
      const page = this.#db.collection(collection).find(unresized(choice), { projection, batchSize });
      // Unlike a comparison this goes on with ids of the next type; the first is the one that was the last.
      if (last !== undefined) page.min({ _id: last._id }).hint({ _id: 1 });
      const found: WithId<Document>[] = await page
        .sort({ _id: 1 })
        .limit(batchSize + 1)
        .toArray();
      const isFull = found.length > batchSize;
      const fresh = last !== undefined && isSame(found[0], last) ? found.slice(1) : found;
      if (fresh.length > 0) yield fresh.map(document => read(document, choice));
      last = isFull ? found.at(-1) : undefined;
    } while (last !== undefined);
  }

  /**
   * Writes infos beside the addresses that they are of. An address that has changed meanwhile, a newer info, or a document
   * that is gone is left alone.
   */
  async setInfos(
    collection: string,
    id: string,
    infos: Partial<Record<ResizeImageField, DocumentInfo>>,
  ): Promise<void> {
    const _id = BSON.EJSON.parse(id, { relaxed: false });
    for (const [field, { url, info, at }] of Object.entries(infos)) {
      const [urlField, atField, timesField] = ['url', 'at', 'times'].map(
        name => `${sourceOf(field)}.${name}`,
      );
      const isNone = { [sourceOf(field)]: { $exists: true, $not: { $type: 'object' } } };
      await this.#db
        .collection(collection)
        .updateOne({ _id, ...isNone }, { $unset: { [sourceOf(field)]: '' } });
      await this.#db.collection(collection).updateOne(
        { _id, [field]: url, $or: [{ [`${atField}`]: null }, { [`${atField}`]: { $lte: at } }] },
        {
          $set: { [infoOf(field)]: info, [`${urlField}`]: url, [`${atField}`]: at },
          $inc: { [`${timesField}`]: 1 },
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

/**
 * `{url, at, times}`: the address that the info is of, since when it is known, and how often it was written. Infos of
 * other writers have none, and are believed.
 */
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
      { [source]: { $type: 'object' }, $expr: { $ne: [`$${field}`, `$${source}.url`] } },
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
  const times = images.map(({ field }) => {
    const source = document[sourceOf(field)];
    return isSource(source) ? (source.times ?? 0) : 0;
  });
  const version = createHash('sha256')
    .update(JSON.stringify([images, times]))
    .digest('hex')
    .slice(0, 32);
  return { id: idOf(document), images, version };
}

function isUnresized(document: Document, field: ResizeImageField, { failed }: DocumentChoice): boolean {
  const [info, source] = [document[infoOf(field)], document[sourceOf(field)]];
  if (info === undefined || info === null) return true;
  if (isSource(source) && source.url !== document[field]) return true;
  return failed && info.error !== undefined;
}

/** Whatever else somebody wrote in its place says nothing. */
function isSource(found: unknown): found is Document {
  return typeof found === 'object' && found !== null && !Array.isArray(found);
}

function isSame(one: WithId<Document> | undefined, other: WithId<Document>): boolean {
  return one !== undefined && idOf(one) === idOf(other);
}

function idOf({ _id }: WithId<Document>): string {
  return BSON.EJSON.stringify(_id, { relaxed: false });
}
