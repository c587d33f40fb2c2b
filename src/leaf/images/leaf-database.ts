import { setTimeout as sleep } from 'node:timers/promises';
import type { Collection, MongoClient } from 'mongodb';
import { inTime } from '../../errors/in-time.ts';
import { shortReason } from '../../errors/short-reason.ts';
import { mongoClient } from '../../mongodb/mongo-client.ts';
import { asMongoFault } from '../../mongodb/mongo-faults.ts';
import { AwayLog } from '../../telemetry/away-log.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { collectionOf, type Plant, plants } from '../plants.ts';
import type { ImageDocument } from './plant-image.ts';

/** A query waits no longer for a server, so that whoever asks over HTTP is soon told. Milliseconds. */
const connectMs = 2_000;
/** For the answer to a query, in milliseconds. */
const answerMs = 10_000;
/** Between two tries to make the indexes, in milliseconds. */
const againMs = 1_000;

/** Answers every list, count and choice by `is_active` and `has_disease`, where a missing filter stands for both values. */
export const listIndex = { is_deleted: 1, is_active: 1, has_disease: 1, id: 1 } as const;
export const idIndex = { id: 1 } as const;
export const unpublishedIndex = { unpublished: 1 } as const;

/** One of the two databases of leaf images: a collection for each plant, and `is_deployed`. */
export class LeafDatabase {
  readonly #newClient: () => MongoClient;
  readonly #awayLog: AwayLog;
  readonly #stopping = new AbortController();
  readonly #prepared = Promise.withResolvers<void>();
  #client: MongoClient;
  /** Why it is not prepared yet; undefined once it is. */
  #unprepared: unknown = new Error('it was not asked yet');
  #preparing: Promise<void> | undefined;

  /**
   * Throws `invalid-configuration` for a URL that MongoDB's client refuses.
   * @param variable the one that holds the URL, for messages
   */
  constructor(url: string, variable: string, logger: Logger) {
    this.#newClient = () => mongoClient(url, variable, connectMs);
    this.#client = this.#newClient();
    this.#awayLog = new AwayLog(logger, 'MongoDB can’t be prepared', 'MongoDB is prepared');
  }

  /** Connects, and makes what is missing in the database, as soon as the server is there. */
  start(): void {
    this.#preparing ??= this.#prepareUntilDone();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#preparing;
    await this.#client.close();
  }

  /**
   * Runs a query or a change on a plant's images. That the server is away, or its indexes are not made yet, without which
   * ids are not unique, is thrown as `storage-unavailable`.
   */
  async ask<T>(plant: Plant, query: (images: Collection<ImageDocument>) => Promise<T>): Promise<T> {
    if (this.#unprepared !== undefined) await inTime(connectMs, this.#prepared.promise);
    try {
      return await query(this.#images(plant));
    } catch (error) {
      throw asMongoFault(error);
    }
  }

  /** Whether the database is prepared. Throws `storage-unavailable` while the server is away. */
  async isDeployed(): Promise<boolean> {
    if (this.#unprepared !== undefined) return false;
    try {
      return (await this.#deployment().findOne({ is_deployed: true }, { timeoutMS: answerMs })) !== null;
    } catch (error) {
      throw asMongoFault(error);
    }
  }

  /** What is wrong with the server, or null. */
  async fault(): Promise<string | null> {
    try {
      if (this.#unprepared !== undefined) throw this.#unprepared;
      await this.#client.db().command({ ping: 1 }, { timeoutMS: connectMs });
      return null;
    } catch (error) {
      return `MongoDB does not answer: ${shortReason(error)}`;
    }
  }

  async #prepareUntilDone(): Promise<void> {
    const stopping = this.#stopping.signal;
    while (!stopping.aborted) {
      try {
        await this.#prepare();
        this.#unprepared = undefined;
        this.#prepared.resolve();
        this.#awayLog.back();
        return;
      } catch (error) {
        this.#unprepared = error;
        this.#awayLog.away(error);
        await sleep(againMs, undefined, { signal: stopping }).catch(() => {});
        // One that could not connect at first stays closed for those who have used it meanwhile.
        await this.#client.close();
        this.#client = this.#newClient();
      }
    }
  }

  async #prepare(): Promise<void> {
    await this.#client.connect();
    for (const plant of plants) {
      await this.#images(plant).createIndex(idIndex, { unique: true });
      await this.#images(plant).createIndex(listIndex);
      await this.#images(plant).createIndex(unpublishedIndex, { sparse: true });
    }
    const isDeployed = { is_deployed: true };
    await this.#deployment().updateOne(isDeployed, { $set: isDeployed }, { upsert: true });
  }

  #images(plant: Plant): Collection<ImageDocument> {
    return this.#client.db().collection(collectionOf(plant));
  }

  #deployment() {
    return this.#client.db().collection<{ is_deployed: boolean }>('is_deployed');
  }
}
