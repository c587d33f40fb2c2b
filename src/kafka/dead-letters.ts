import { randomUUID } from 'node:crypto';
import { ensureTopic } from './ensure-topic.ts';
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

/**
 * Records that nobody can read, put aside in the topic `<topic>.dead-letters`. They are written in one transaction with
 * the offsets of the group, so each one is there once, however often its reader is killed.
 */
export class DeadLetters {
  readonly #settings: KafkaSettings;
  /** The same for all of this process's producers: a new one ends what an earlier one left open. */
  readonly #transactionalId = `tintype-${randomUUID()}`;
  readonly #topics = new Set<string>();
  #producer: Producer | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(settings: KafkaSettings) {
    this.#settings = settings;
  }

  /** Puts them aside and commits the offset for the member of a group, both or neither. */
  bury(unreadable: readonly UnreadableRecord[], done: PartitionOffset, member: Consumer): Promise<void> {
    // A producer has one transaction at a time.
    const buried = this.#last.then(() => this.#bury(unreadable, done, member));
    this.#last = buried.catch(() => {});
    return buried;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#producer?.close(true).catch(() => {});
    this.#producer = undefined;
  }

  async #bury(
    unreadable: readonly UnreadableRecord[],
    done: PartitionOffset,
    member: Consumer,
  ): Promise<void> {
    const topic = `${done.topic}.dead-letters`;
    await this.#ensure(topic);
    this.#producer ??= kafkaTransactionalProducer(
      this.#settings,
      { retries: 12, retryDelay: 250 },
      this.#transactionalId,
    );
    const producer = this.#producer;
    try {
      const transaction = await producer.beginTransaction();
      await transaction.send({ messages: unreadable.map(each => deadLetter(each, topic)) });
      await transaction.addConsumer(member);
      await transaction.addOffset(offsetMessage(done, member));
      await transaction.commit();
    } catch (error) {
      this.#producer = undefined;
      await producer.close(true).catch(() => {});
      throw error;
    }
  }

  async #ensure(topic: string): Promise<void> {
    if (this.#topics.has(topic)) return;
    await ensureTopic(this.#settings, topic, 1, 'KAFKA_TOPIC_USER_IMAGE_TO_PROCESS');
    this.#topics.add(topic);
  }
}

function deadLetter({ record, reason }: UnreadableRecord, topic: string) {
  const facts = { topic: record.topic, partition: record.partition, offset: record.offset, reason };
  const headers = new Map<Buffer, Buffer>();
  for (const [name, value] of record.headers) {
    const isOurs = names.some(own => name?.equals(Buffer.from(own)));
    if (name !== null && !isOurs) headers.set(name, value ?? Buffer.alloc(0));
  }
  for (const name of names) headers.set(Buffer.from(name), Buffer.from(String(facts[name])));
  return {
    topic,
    headers,
    ...(record.key !== null && { key: record.key }),
    ...(record.value !== null && { value: record.value }),
  };
}

/** What the client takes of a message to commit its offset. */
function offsetMessage({ topic, partition, offset }: PartitionOffset, member: Consumer) {
  const { groupId, generationId, memberId, coordinatorId } = member;
  // It commits the one after.
  const message = { topic, partition, offset: offset - 1n };
  return {
    ...message,
    metadata: { consumer: { groupId, generationId, memberId, coordinatorId } },
  } as unknown as Parameters<Awaited<ReturnType<Producer['beginTransaction']>>['addOffset']>[0];
}
