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
  readonly #client: MongoClient;
  readonly #awayLog: AwayLog;
  readonly #stopping = new AbortController();
  readonly #prepared = Promise.withResolvers<void>();
  #isPrepared = false;
  #preparing: Promise<void> | undefined;

  /**
   * Throws `invalid-configuration` for a URL that MongoDB's client refuses.
   * @param variable the one that holds the URL, for messages
   */
  constructor(url: string, variable: string, logger: Logger) {
    this.#client = mongoClient(url, variable, connectMs);
    this.#awayLog = new AwayLog(logger, 'MongoDB can’t be prepared', 'MongoDB is prepared');
  }

  /** Makes what is missing in the database, as soon as the server is there. */
  start(): void {
    this.#preparing ??= this.#prepareUntilDone();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#preparing;
    await this.#client.close();
  }

  images(plant: Plant): Collection<ImageDocument> {
    return this.#client.db().collection(collectionOf(plant));
  }

  /** Whether all indexes are there. Throws `storage-unavailable` while the server is away. */
  async isDeployed(): Promise<boolean> {
    const deployed = { is_deployed: true };
    try {
      return (await this.#deployment().findOne(deployed, { timeoutMS: answerMs })) !== null;
    } catch (error) {
      throw asMongoFault(error);
    }
  }

  /** What is wrong with the server, or null. */
  async fault(): Promise<string | null> {
    try {
      await this.#client.db().command({ ping: 1 }, { timeoutMS: connectMs });
      return this.#isPrepared ? null : 'MongoDB’s indexes are not made yet.';
    } catch (error) {
      return `MongoDB does not answer: ${shortReason(error)}`;
    }
  }

  /**
   * Runs a query or a change. That the server is away, or its indexes are not made yet, without which ids are not unique,
   * is thrown as `storage-unavailable`.
   */
  async ask<T>(query: () => Promise<T>): Promise<T> {
    if (!this.#isPrepared) await inTime(connectMs, this.#prepared.promise);
    try {
      return await query();
    } catch (error) {
      throw asMongoFault(error);
    }
  }

  #deployment() {
    return this.#client.db().collection<{ is_deployed: boolean }>('is_deployed');
  }

  async #prepareUntilDone(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#prepare();
        this.#isPrepared = true;
        this.#prepared.resolve();
        this.#awayLog.back();
        return;
      } catch (error) {
        if (!this.#stopping.signal.aborted) this.#awayLog.away(error);
        await sleep(againMs, undefined, { signal: this.#stopping.signal }).catch(() => {});
      }
    }
  }

  async #prepare(): Promise<void> {
    for (const plant of plants) {
      await this.images(plant).createIndex(idIndex, { unique: true });
      await this.images(plant).createIndex(listIndex);
      await this.images(plant).createIndex(unpublishedIndex, { sparse: true });
    }
    await this.#deployment().updateOne(
      { is_deployed: true },
      { $set: { is_deployed: true } },
      { upsert: true },
    );
  }
}
