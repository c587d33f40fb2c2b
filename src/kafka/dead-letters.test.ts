import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, it } from 'node:test';
import { KafkaTopic, kafkaSettings, recordsOf } from '../../test/support/kafka-topic.ts';
import { startKafka } from '../../test/support/servers/kafka.ts';
import { realServer } from '../../test/support/servers/real-server.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import { createLogger } from '../telemetry/logger.ts';
import { TopicConsumer } from './topic-consumer.ts';

const server = await realServer('dead letters on Kafka', startKafka);

if (server !== undefined) {
  /** Nobody can read what it is given. */
  async function buryAll(topic: KafkaTopic): Promise<void> {
    const groupId = randomUUID();
    const consumer = new TopicConsumer<string>({
      settings: kafkaSettings(server!), // Tested above; narrowing ends at functions.
      topics: [topic.name],
      groupId,
      reset: 'earliest',
      handling: {
        read: async ({ value }) => {
          throw new TintypeError('invalid-record', `It is bad: ${value}`);
        },
        handle: async () => {},
        buried: () => {},
      },
      logger: createLogger('silent'),
    });
    consumer.start();
    try {
      await topic.consumedBy(groupId);
    } finally {
      await consumer.stop();
    }
  }

  describe('dead letters', () => {
    after(() => server[Symbol.asyncDispose]());

    it('hold up no partition with a key, headers or a reason that are too long', async () => {
      await using topic = await KafkaTopic.create(server);
      const name = Buffer.from('trace');
      await topic.send([{ key: Buffer.alloc(980_000), value: Buffer.from('a') }]);
      await topic.send([{ value: Buffer.from('b'), headers: new Map([[name, Buffer.alloc(980_000)]]) }]);
      await topic.send([{ value: Buffer.alloc(600_000, 'c') }]);
      await buryAll(topic);
      const dead = await recordsOf(server, `${topic.name}.dead-letters`);
      assert.deepEqual(
        dead.map(({ value, headers }) => [value?.length, headers.offset]),
        [
          [1, '0'],
          [1, '1'],
          [600_000, '2'],
        ],
      );
    });

    it('are their own headers alone where their topic takes no more', async () => {
      await using topic = await KafkaTopic.create(server);
      const configs = [{ name: 'max.message.bytes', value: '10000' }];
      await topic.admin.createTopics({ topics: [`${topic.name}.dead-letters`], partitions: 1, configs });
      await topic.send(Array.from({ length: 30 }, () => ({ value: Buffer.alloc(20_000, 'x') })));
      await buryAll(topic);
      const dead = await recordsOf(server, `${topic.name}.dead-letters`);
      assert.deepEqual(
        dead.map(({ headers }) => Number(headers.offset)),
        Array.from({ length: 30 }, (_, offset) => offset),
      );
      assert(dead.every(({ value }) => value === null));
    });
  });
}
