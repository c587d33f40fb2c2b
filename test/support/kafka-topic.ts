import { randomUUID } from 'node:crypto';
import { type Admin, type MessageToProduce, Producer } from '@platformatic/kafka';
import type { FetchedRecords } from '../../src/kafka/fetched-records.ts';
import type { KafkaSettings } from '../../src/kafka/kafka-clients.ts';
import { PartitionFetcher } from '../../src/kafka/partition-fetcher.ts';
import type { TopicRecord } from '../../src/kafka/topic-record.ts';
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
  const admin = kafkaAdminOf(server);
  const fetcher = new PartitionFetcher(kafkaSettings(server), [topic], randomUUID(), randomUUID());
  try {
    const [ends] = await admin.listOffsets({
      topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -1n }] }],
    });
    const end = ends?.partitions[0]?.offset ?? 0n;
    const records: TopicRecord[] = [];
    let fetchOffset = 0n;
    const add = (fetched: FetchedRecords) => {
      records.push(...fetched.records);
      fetchOffset = fetched.next;
    };
    while (fetchOffset < end) await fetcher.fetch([{ topic, partition: 0, fetchOffset, add }]);
    return records.map(({ key, value, headers }) => {
      const texts = headers.map(([name, text]) => [String(name), String(text)]);
      return { key, value, headers: Object.fromEntries(texts) as Record<string, string> };
    });
  } finally {
    await Promise.all([fetcher.close(), admin.close()]);
  }
}
