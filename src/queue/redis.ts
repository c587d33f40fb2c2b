import { Queue, Worker } from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import { TintypeError } from '../errors/tintype-error.ts';
import { type Broker, longestBlockSeconds } from './broker.ts';

/** In Redis its keys start with `bull:tintype:`. */
const queueName = 'tintype';
/** BullMQ locks nothing under this token: a message is completed at once, so nobody needs to know who has it. */
const noLock = '0';
/** BullMQ's own log of the queue's events, which nobody reads. */
const keptEvents = 100;

/** Doorbells as the jobs of a BullMQ queue, taken one by one and completed at once, without a processor. */
export class RedisBroker implements Broker {
  readonly name = 'Redis';
  readonly #connection: Redis;
  readonly #queue: Queue;
  readonly #url: string;
  #receiver: { readonly connection: Redis; readonly worker: Worker } | undefined;
  /** Why there is no connection; what the client throws meanwhile says only that there is none. */
  #lost: Error | undefined;

  /** @param url `redis://` or `rediss://`, with user, password and database number if there are any */
  constructor(url: string) {
    this.#url = url;
    this.#connection = this.#connect({ enableOfflineQueue: false, maxRetriesPerRequest: 1 });
    this.#queue = new Queue(queueName, {
      connection: this.#connection,
      defaultJobOptions: { removeOnComplete: true },
      streams: { events: { maxLen: keptEvents } },
    });
    this.#queue.on('error', () => {});
  }

  async check(): Promise<void> {
    await this.#explained(this.#queue.waitUntilReady());
    const policy = /^maxmemory_policy:(\S+)/m.exec(await this.#connection.info('memory'))?.[1];
    if (policy === 'noeviction') return;
    const message = `JOB_QUEUE_URL names a Redis whose maxmemory-policy is '${policy}'; accepted: noeviction, because with others it drops keys when its memory is full`;
    throw new TintypeError('invalid-configuration', message);
  }

  async publish(count: number): Promise<void> {
    const messages = Array.from({ length: count }, () => ({ name: 'work', data: {} }));
    await this.#explained(this.#queue.addBulk(messages));
  }

  async take(most: number): Promise<void> {
    const { worker } = this.#receive();
    await Promise.all(Array.from({ length: most }, () => takeOne(worker, false)));
  }

  async wait(): Promise<boolean> {
    const { worker } = this.#receive();
    // The first question does not block when the last one found a message.
    return (await takeOne(worker, true)) || (await takeOne(worker, true));
  }

  async close(): Promise<void> {
    this.#receiver?.connection.disconnect();
    await this.#receiver?.worker.close(true);
    this.#connection.disconnect();
    await this.#queue.close();
  }

  /** Only processes that take messages keep the two connections for it. */
  #receive(): { readonly connection: Redis; readonly worker: Worker } {
    if (this.#receiver === undefined) {
      // BullMQ asks for endless retries where it blocks.
      const connection = this.#connect({ maxRetriesPerRequest: null });
      const worker = new Worker(queueName, null, {
        connection,
        drainDelay: longestBlockSeconds,
        skipStalledCheck: true,
        skipLockRenewal: true,
      });
      worker.on('error', () => {});
      this.#receiver = { connection, worker };
    }
    const { status } = this.#receiver.connection;
    if (status === 'reconnecting' || status === 'close') {
      throw this.#lost ?? new Error('The connection to Redis is lost.');
    }
    return this.#receiver;
  }

  /** Reconnects for ever, after 2 s at most; a replica that was made of the primary is left for the new primary. */
  #connect(options: Pick<RedisOptions, 'enableOfflineQueue' | 'maxRetriesPerRequest'>): Redis {
    const connection = new Redis(this.#url, {
      ...options,
      reconnectOnError: error => error.message.startsWith('READONLY'),
    });
    connection.on('error', (error: Error) => {
      this.#lost = error;
    });
    connection.on('ready', () => {
      this.#lost = undefined;
    });
    return connection;
  }

  async #explained<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (this.#connection.status === 'ready') throw error;
      throw this.#lost ?? new Error('The connection to Redis is lost.');
    }
  }
}

async function takeOne(worker: Worker, block: boolean): Promise<boolean> {
  const message = await worker.getNextJob(noLock, { block });
  if (message === undefined) return false;
  await message.moveToCompleted(null, noLock, false);
  return true;
}
