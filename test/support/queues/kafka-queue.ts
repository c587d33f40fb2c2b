import { randomUUID } from 'node:crypto';
import { Admin } from '@platformatic/kafka';
import { BrokerQueue } from '../../../src/queue/broker-queue.ts';
import { KafkaBroker } from '../../../src/queue/kafka.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import type { OpenBrokerQueue } from '../../contracts/broker-queue.ts';
import { eventually } from '../eventually.ts';
import type { RestartableServer } from '../servers/restartable-server.ts';

/** A queue on a topic that is not there yet. */
export async function openKafkaQueue(server: RestartableServer): Promise<OpenBrokerQueue> {
  const topic = `jobs-${randomUUID()}`;
  const admin = kafkaAdminOf(server);
  const queues: BrokerQueue[] = [];
  return {
    server,
    async open() {
      const settings = { brokers: [`127.0.0.1:${server.port}`], tls: false };
      const queue = await BrokerQueue.open(new KafkaBroker(settings, topic), createLogger('silent'));
      queues.push(queue);
      return queue;
    },
    submit: async (queue, jobs) => queue.ring(jobs),
    backlog: () => kafkaLag(admin, topic),
    wipe: () => recreate(admin, topic),
    async [Symbol.asyncDispose]() {
      await Promise.all(queues.map(queue => queue.close()));
      await admin.close();
    },
  };
}

/** Deletes the topic and makes it again under the same name. */
async function recreate(admin: Admin, topic: string): Promise<void> {
  await admin.deleteTopics({ topics: [topic] });
  // Its name is free a moment after the answer.
  await eventually(
    () =>
      admin.createTopics({ topics: [topic], partitions: 4 }).then(
        () => true,
        () => false,
      ),
    'the topic is made again',
  );
}

export function kafkaAdminOf({ port }: RestartableServer): Admin {
  return new Admin({
    clientId: 'test',
    bootstrapBrokers: [`127.0.0.1:${port}`],
    retries: 60,
    retryDelay: 250,
  });
}

/** What a group has not committed of the topic. */
export async function kafkaLag(admin: Admin, topic: string, groupId = `${topic}.workers`): Promise<number> {
  const committed = await committedOffsets(admin, topic, groupId);
  const partitions = committed.map((_, partitionIndex) => ({ partitionIndex, timestamp: -1n }));
  const ends = await admin.listOffsets({ topics: [{ name: topic, partitions }] });
  const lags = ends[0]?.partitions.map(({ partitionIndex, offset }) => {
    return Number(offset - (committed[partitionIndex] ?? 0n));
  });
  return (lags ?? []).reduce((sum, lag) => sum + lag, 0);
}

/** How far a group has come in each partition of the topic; 0 where it has committed nothing. */
export async function committedOffsets(admin: Admin, topic: string, groupId: string): Promise<bigint[]> {
  const metadata = await admin.metadata({ topics: [topic] });
  const count = metadata.topics.get(topic)?.partitionsCount ?? 0;
  const partitionIndexes = Array.from({ length: count }, (_, index) => index);
  const groups = [{ groupId, topics: [{ name: topic, partitionIndexes }] }];
  const [group] = await admin.listConsumerGroupOffsets({ groups });
  const committed = new Map(
    group?.topics[0]?.partitions.map(each => [each.partitionIndex, each.committedOffset]),
  );
  return partitionIndexes.map(partition => {
    const offset = committed.get(partition) ?? 0n;
    return offset < 0n ? 0n : offset;
  });
}
