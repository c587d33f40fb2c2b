import { once } from 'node:events';
import { type Consumer, type KafkaSettings, kafkaConsumer } from '../kafka/kafka-clients.ts';

type Stream = Awaited<ReturnType<Consumer['consume']>>;

interface Offset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly leaderEpoch: number;
}

/** Fetched ahead; only what is taken is committed, so the rest still counts as the group's lag. */
const fetchedAhead = 200;

/** One member of the group of workers. It is thrown away at its first fault; a rebalance is none. */
export class KafkaReceiver {
  readonly #consumer: Consumer;
  readonly #stream: Stream;
  #fault: Error | undefined;
  /** The newest one of each partition. */
  readonly #uncommitted = new Map<number, Offset>();
  #committing: Promise<void> | undefined;

  /** @param name stands for this process in the group: it takes the place of its own predecessor. */
  static async open(settings: KafkaSettings, topic: string, name: string): Promise<KafkaReceiver> {
    const membership = { groupId: `${topic}.workers`, groupInstanceId: name };
    const consumer = kafkaConsumer(settings, { retries: 12, retryDelay: 250 }, membership);
    try {
      const stream = await consumer.consume({
        topics: [topic],
        mode: 'committed',
        fallbackMode: 'earliest',
        highWaterMark: fetchedAhead,
        maxWaitTime: 1_000,
      });
      return new KafkaReceiver(consumer, stream);
    } catch (error) {
      await consumer.close(true).catch(() => {});
      throw error;
    }
  }

  private constructor(consumer: Consumer, stream: Stream) {
    this.#consumer = consumer;
    this.#stream = stream;
    const fail = (error: Error) => {
      this.#fault = error;
    };
    stream.on('error', fail);
    consumer.on('error', fail);
    // It fetches only for one who listens.
    stream.on('readable', () => {});
    // The partitions may be another's now. What was not committed comes again, there or here.
    consumer.on('consumer:group:join', () => this.#uncommitted.clear());
  }

  /** Takes up to `most` messages that are fetched already and commits their offsets; resolves to how many. */
  take(most: number): number {
    if (this.#fault) throw this.#fault;
    let taken = 0;
    for (; taken < most; taken += 1) {
      const message = this.#stream.read();
      if (message === null) break;
      const { topic, partition, offset, leaderEpoch } = message;
      this.#uncommitted.set(partition, { topic, partition, offset: offset + 1n, leaderEpoch });
    }
    if (this.#mayCommit()) this.#committing ??= this.#commit();
    return taken;
  }

  /** Resolves when a message is there, or at the abort. */
  async arrival(signal: AbortSignal): Promise<void> {
    if (this.#fault) throw this.#fault;
    if (this.#stream.readableLength > 0 || signal.aborted) return;
    await once(this.#stream, 'readable', { signal }).catch(error => {
      if (!signal.aborted) throw error;
    });
  }

  async close(): Promise<void> {
    await this.#committing;
    await this.#consumer.close(true).catch(() => {});
  }

  /** Not while the group rebalances: it would fail and begin another rebalance. */
  #mayCommit(): boolean {
    return this.#uncommitted.size > 0 && this.#consumer.isActive();
  }

  /** One after the other, so that none overtakes a newer one. */
  async #commit(): Promise<void> {
    while (this.#mayCommit()) {
      const offsets = [...this.#uncommitted.values()];
      this.#uncommitted.clear();
      // One that fails leaves messages that come again.
      await this.#consumer.commit({ offsets }).catch(() => {});
    }
    this.#committing = undefined;
  }
}
