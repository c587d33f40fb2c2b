import { randomUUID } from 'node:crypto';
import { ensureTopic } from './ensure-topic.ts';
import type { GroupGeneration } from './group-generation.ts';
import {
  type Consumer,
  type KafkaSettings,
  kafkaTransactionalProducer,
  type Producer,
} from './kafka-clients.ts';
import type { UnreadableRecord } from './partition-lane.ts';
import type { PartitionOffset } from './topic-record.ts';

/** What each of them says about itself, beside the headers that it came with. */
const names = ['topic', 'partition', 'offset', 'reason'] as const;

/** A new transaction waits for the end of the one before at the broker: a few milliseconds. Three seconds in all. */
const retries = { retries: 120, retryDelay: 25 };

/** Bytes of values in one request: brokers take a mebibyte, headers and all. */
const pieceBytes = 512_000;
/** Longer values are left out: the topic would take none of them. */
const longestValue = 900_000;

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

  async close(): Promise<void> {
    await this.#burying;
    if (this.#producer) await this.#discard(this.#producer);
  }

  /** A producer has one transaction at a time; what comes meanwhile goes together into the next. */
  async #buryWaiting(): Promise<void> {
    while (this.#waiting.length > 0) {
      const { generation } = this.#waiting[0] as Burial;
      const together = this.#waiting.filter(burial => burial.generation === generation);
      this.#waiting = this.#waiting.filter(burial => burial.generation !== generation);
      try {
        await this.#bury(together, generation);
        for (const { outcome } of together) outcome.resolve();
      } catch (error) {
        for (const { outcome } of together) outcome.reject(error);
      }
    }
    this.#burying = undefined;
  }

  async #bury(burials: readonly Burial[], generation: GroupGeneration): Promise<void> {
    for (const { done } of burials) await this.#ensure(deadLetterTopic(done.topic));
    // Each has a name of its own: with an earlier one's the client is refused as a ghost of it.
    this.#producer ??= kafkaTransactionalProducer(this.#settings, retries, `tintype-${randomUUID()}`);
    const producer = this.#producer;
    const transaction = await producer.beginTransaction().catch(async error => {
      await this.#discard(producer);
      throw error;
    });
    try {
      for (const messages of pieces(burials.flatMap(({ unreadable }) => unreadable.map(deadLetter)))) {
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
    await producer.close(true).catch(() => {});
  }

  async #ensure(topic: string): Promise<void> {
    if (this.#topics.has(topic)) return;
    await ensureTopic(this.#settings, topic, 'KAFKA_TOPIC_USER_IMAGE_TO_PROCESS', 1);
    this.#topics.add(topic);
  }
}

function deadLetterTopic(topic: string): string {
  return `${topic}.dead-letters`;
}

/** In their order, each small enough for one request. */
function* pieces(messages: readonly DeadLetter[]): Generator<DeadLetter[]> {
  let piece: DeadLetter[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = message.value?.length ?? 0;
    if (piece.length > 0 && bytes + size > pieceBytes) {
      yield piece;
      [piece, bytes] = [[], 0];
    }
    piece.push(message);
    bytes += size;
  }
  yield piece;
}

type DeadLetter = ReturnType<typeof deadLetter>;

function deadLetter({ record, reason: why }: UnreadableRecord) {
  const length = record.value?.length ?? 0;
  const isTooLong = length > longestValue;
  const reason = isTooLong ? `${why} Its ${length} bytes are too many to be put aside.` : why;
  const facts = { topic: record.topic, partition: record.partition, offset: record.offset, reason };
  const headers = new Map<Buffer, Buffer>();
  for (const [name, value] of record.headers) {
    const isOurs = names.some(own => name?.equals(Buffer.from(own)));
    if (name !== null && !isOurs) headers.set(name, value ?? Buffer.alloc(0));
  }
  for (const name of names) headers.set(Buffer.from(name), Buffer.from(String(facts[name])));
  return {
    topic: deadLetterTopic(record.topic),
    headers,
    ...(record.key !== null && { key: record.key }),
    ...(record.value !== null && !isTooLong && { value: record.value }),
  };
}

/** What the client takes of a message to commit its offset. */
function offsetMessage({ topic, partition, offset }: PartitionOffset, generation: GroupGeneration) {
  // It commits the one after.
  const message = { topic, partition, offset: offset - 1n, metadata: { consumer: generation } };
  return message as unknown as Parameters<Awaited<ReturnType<Producer['beginTransaction']>>['addOffset']>[0];
}
