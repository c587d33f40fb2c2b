import { randomUUID } from 'node:crypto';
import { TintypeError } from '../../errors/tintype-error.ts';
import { mongoClient } from '../../mongodb/mongo-client.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { LeafDatabase } from '../images/leaf-database.ts';
import type { ImageDocument } from '../images/plant-image.ts';
import { type Plant, plants } from '../plants.ts';

const connectMs = 5_000;
/** Images that are compared at a time. */
const page = 200;

/** A producer's and a consumer's database that nobody else has, beside the ones of those URLs; dropped in the end. */
export class ComparisonDatabases implements AsyncDisposable {
  readonly producerUrl: string;
  readonly consumerUrl: string;
  readonly producer: LeafDatabase;
  readonly consumer: LeafDatabase;

  /** Throws `storage-unavailable` where a server is away, `invalid-configuration` for connections with TLS. */
  static async open(producerUrl: string, consumerUrl: string, logger: Logger): Promise<ComparisonDatabases> {
    const databases = new ComparisonDatabases(ownUrl(producerUrl), ownUrl(consumerUrl), logger);
    try {
      for (const database of [databases.producer, databases.consumer]) {
        database.start();
        await database.ask('potato', images => images.findOne({}));
      }
      return databases;
    } catch (error) {
      await databases.#stop();
      throw error;
    }
  }

  private constructor(producerUrl: string, consumerUrl: string, logger: Logger) {
    this.producerUrl = producerUrl;
    this.consumerUrl = consumerUrl;
    this.producer = new LeafDatabase(producerUrl, 'MONGO_PRODUCER_URL', logger);
    this.consumer = new LeafDatabase(consumerUrl, 'MONGO_CONSUMER_URL', logger);
  }

  /** How many images are not the same in both. */
  async differences(): Promise<number> {
    let differences = 0;
    for (const plant of plants) {
      for (let from = 1; ; from += page) {
        const [ours, copies] = await Promise.all([
          imagesFrom(this.producer, plant, from),
          imagesFrom(this.consumer, plant, from),
        ]);
        const ids = new Set([...ours.keys(), ...copies.keys()]);
        if (ids.size === 0) break;
        for (const id of ids) if (ours.get(id) !== copies.get(id)) differences += 1;
      }
    }
    return differences;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
    for (const url of [this.producerUrl, this.consumerUrl]) {
      const client = mongoClient(url, 'The database', connectMs);
      await client
        .db()
        .dropDatabase()
        .finally(() => client.close());
    }
  }

  async #stop(): Promise<void> {
    await Promise.all([this.producer.stop(), this.consumer.stop()]);
  }
}

/** With a name of its own for the database, at the same server. */
function ownUrl(url: string): string {
  if (url.startsWith('mongodb+srv:') || /[?&](tls|ssl)=true/.test(url)) {
    const message = 'The comparison counts the bytes of connections to MongoDB, which it can’t with TLS.';
    throw new TintypeError('invalid-configuration', message);
  }
  const own = `-compare-${randomUUID().slice(0, 8)}`;
  return url.replace(/^(mongodb:\/\/[^/]+\/[^?]*)/, `$1${own}`);
}

/** By id, with every field that both have to have, in one order. */
async function imagesFrom(database: LeafDatabase, plant: Plant, from: number): Promise<Map<number, string>> {
  const documents = await database.ask(plant, images =>
    images.find({ id: { $gte: from, $lt: from + page } }).toArray(),
  );
  return new Map(
    documents.map(document => [document.id, written(document as ImageDocument & { _id?: unknown })]),
  );
}

function written({
  _id,
  published,
  unpublished,
  data,
  ...facts
}: ImageDocument & { readonly _id?: unknown }): string {
  const fields = Object.entries(facts).sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([fields, data?.toString('base64')]);
}
