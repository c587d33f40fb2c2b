import { randomUUID } from 'node:crypto';
import { type Admin, type MessageToProduce, Producer } from '@platformatic/kafka';
import { type KafkaSettings, kafkaConsumer } from '../../src/kafka/kafka-clients.ts';
import { eventually } from './eventually.ts';
import { kafkaAdminOf, kafkaLag } from './queues/kafka-queue.ts';
import type { RestartableServer } from './servers/restartable-server.ts';

type Sent = Omit<MessageToProduce, 'topic'>;
const retries = { retries: 60, retryDelay: 250 };

export function kafkaSettings({ port }: RestartableServer): KafkaSettings {
  return { brokers: [`127.0.0.1:${port}`], tls: false };
}

/** A topic of a test's own, with what a test does to it. */
export class KafkaTopic implements AsyncDisposable {
  readonly name: string;
  readonly admin: Admin;
  readonly #settings: KafkaSettings;
  readonly #producer: Producer;

  static async create(server: RestartableServer, partitions = 1): Promise<KafkaTopic> {
    const topic = new KafkaTopic(server);
    await topic.admin.createTopics({ topics: [topic.name], partitions });
    return topic;
  }

  private constructor(server: RestartableServer) {
    this.name = `images-${randomUUID()}`;
    this.admin = kafkaAdminOf(server);
    this.#settings = kafkaSettings(server);
    const bootstrapBrokers = [...this.#settings.brokers];
    this.#producer = new Producer({ clientId: 'test', bootstrapBrokers, idempotent: true, ...retries });
  }

  /** In this order, where all go to one partition. */
  async send(records: readonly Sent[]): Promise<void> {
    for (let start = 0; start < records.length; start += 1_000) {
      const messages = records.slice(start, start + 1_000).map(record => ({ ...record, topic: this.name }));
      await this.#producer.send({ messages });
    }
  }

  /** Waits until the group has committed all that there is. */
  async consumedBy(groupId: string, withinMs = 30_000): Promise<void> {
    await eventually(
      async () => (await kafkaLag(this.admin, this.name, groupId)) === 0,
      `${groupId} has committed all`,
      withinMs,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#producer.close(true);
    await this.admin.close();
  }
}

/** Every record of a topic of one partition, without those of aborted transactions. */
export async function recordsOf(server: RestartableServer, topic: string) {
  const group = { groupId: randomUUID(), groupInstanceId: randomUUID() };
  const consumer = kafkaConsumer(kafkaSettings(server), retries, group);
  try {
    const ends = await consumer.listOffsets({ topics: [topic], timestamp: -1n });
    const end = ends.get(topic)?.[0] ?? 0n;
    const records: { value: Buffer; headers: Record<string, string>; key: Buffer | undefined }[] = [];
    if (end === 0n) return records;
    const stream = await consumer.consume({ topics: [topic], mode: 'earliest', maxWaitTime: 100 });
    for await (const { value, key, headers, offset } of stream) {
      const texts = [...headers].map(([name, text]) => [String(name), String(text)]);
      records.push({ value, key, headers: Object.fromEntries(texts) as Record<string, string> });
      // The last one marks the end of a transaction.
      if (offset >= end - 2n) break;
    }
    return records;
  } finally {
    await consumer.close(true);
  }
}
