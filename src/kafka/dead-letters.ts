import { randomUUID } from 'node:crypto';
import { deadLetterTopic, type LetterLimits, letterPieces } from './dead-letter.ts';
import { ensureTopic } from './ensure-topic.ts';
import type { GroupGeneration } from './group-generation.ts';
import {
  type Consumer,
  closeClient,
  type KafkaSettings,
  kafkaTransactionalProducer,
  type Producer,
} from './kafka-clients.ts';
import { isTooLarge } from './kafka-faults.ts';
import type { UnreadableRecord } from './partition-lane.ts';
import type { PartitionOffset } from './topic-record.ts';

/** A new transaction waits for the end of the one before at the broker: a few milliseconds. Three seconds in all. */
const retries = { retries: 120, retryDelay: 25 };

/**
 * Brokers take a mebibyte by default. Where a topic takes less, the next limits are tried: in the end the four headers of
 * ours are alone.
 */
const allLimits: readonly LetterLimits[] = [
  { record: 900_000, piece: 512_000 },
  { record: 50_000, piece: 50_000 },
  { record: 0, piece: 5_000 },
];

interface Burial {
  readonly unreadable: readonly UnreadableRecord[];
  readonly done: PartitionOffset;
  readonly generation: GroupGeneration;
  readonly outcome: PromiseWithResolvers<void>;
}

/**
 * Records that nobody can read, put aside in the topic `<topic>.dead-letters`. They are written in one transaction with
 * the offsets of the group, so each one is there once, however often its reader is killed.
 */
export class DeadLetters {
  readonly #settings: KafkaSettings;
  readonly #topics = new Set<string>();
  #producer: Producer | undefined;
  readonly #closing = new AbortController();
  #waiting: Burial[] = [];
  #burying: Promise<void> | undefined;

  constructor(settings: KafkaSettings) {
    this.#settings = settings;
  }

  /** Puts them aside and commits the offset, both or neither. Throws the client's own error, also when the generation is over. */
  async bury(
    unreadable: readonly UnreadableRecord[],
    done: PartitionOffset,
    generation: GroupGeneration,
  ): Promise<void> {
    const outcome = Promise.withResolvers<void>();
    this.#waiting.push({ unreadable, done, generation, outcome });
    this.#burying ??= this.#buryWaiting();
    await outcome.promise;
  }

  /** What is being put aside fails, and is not committed either. */
  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#producer) await this.#discard(this.#producer);
  }

  /** A producer has one transaction at a time; what comes meanwhile goes together into the next. */
  async #buryWaiting(): Promise<void> {
    while (this.#waiting.length > 0) {
      const { generation } = this.#waiting[0] as Burial;
      const together = this.#waiting.filter(burial => burial.generation === generation);
      this.#waiting = this.#waiting.filter(burial => burial.generation !== generation);
      try {
        await this.#buryWhatFits(together, generation);
        for (const { outcome } of together) outcome.resolve();
      } catch (error) {
        for (const { outcome } of together) outcome.reject(error);
      }
    }
    this.#burying = undefined;
  }

  async #buryWhatFits(burials: readonly Burial[], generation: GroupGeneration): Promise<void> {
    for (const [index, each] of allLimits.entries()) {
      try {
        await this.#bury(burials, generation, each);
        return;
      } catch (error) {
        if (!isTooLarge(error) || index === allLimits.length - 1) throw error;
        // It has counted what was refused, and the brokers have not.
        if (this.#producer) await this.#discard(this.#producer);
      }
    }
  }

  async #bury(burials: readonly Burial[], generation: GroupGeneration, limits: LetterLimits): Promise<void> {
    this.#closing.signal.throwIfAborted();
    for (const { done } of burials) await this.#ensure(deadLetterTopic(done.topic));
    // Each has a name of its own: with an earlier one's the client is refused as a ghost of it.
    this.#producer ??= kafkaTransactionalProducer(this.#settings, retries, `tintype-${randomUUID()}`);
    const producer = this.#producer;
    const transaction = await producer.beginTransaction().catch(async error => {
      await this.#discard(producer);
      throw error;
    });
    try {
      const all = burials.flatMap(({ unreadable }) => unreadable);
      for (const messages of letterPieces(all, limits)) {
        await transaction.send({ messages });
      }
      // Of a consumer it takes the group's name alone.
      await transaction.addConsumer({ groupId: generation.groupId } as Consumer);
      // Not at once: the client takes calls under way at the same time for one and the same.
      for (const { done } of burials) await transaction.addOffset(offsetMessage(done, generation));
      await transaction.commit();
    } catch (error) {
      await transaction.abort().catch(() => this.#discard(producer));
      throw error;
    }
  }

  /** The brokers end by themselves what it left open, after seconds. */
  async #discard(producer: Producer): Promise<void> {
    this.#producer = undefined;
    await closeClient(producer);
  }

  async #ensure(topic: string): Promise<void> {
    if (this.#topics.has(topic)) return;
    const options = { partitions: 1, until: this.#closing.signal };
    await ensureTopic(this.#settings, topic, 'KAFKA_TOPIC_USER_IMAGE_TO_PROCESS', options);
    this.#topics.add(topic);
  }
}

/** What the client takes of a message to commit its offset. */
function offsetMessage({ topic, partition, offset }: PartitionOffset, generation: GroupGeneration) {
  // It commits the one after.
  const message = { topic, partition, offset: offset - 1n, metadata: { consumer: generation } };
  return message as unknown as Parameters<Awaited<ReturnType<Producer['beginTransaction']>>['addOffset']>[0];
}
