import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import { Binary } from 'mongodb';
import { eventually } from '../../../test/support/eventually.ts';
import { kafkaSettings, recordsOf } from '../../../test/support/kafka-topic.ts';
import { type LeafServers, startLeafServers } from '../../../test/support/leaf.ts';
import { newImage } from '../../../test/support/leaf-history.ts';
import { kafkaAdminOf } from '../../../test/support/queues/kafka-queue.ts';
import { seededNumbers } from '../../../test/support/seeded-numbers.ts';
import { realServer } from '../../../test/support/servers/real-server.ts';
import { secantusUrl } from '../../../test/support/servers/secantusdb.ts';
import { TopicProducer } from '../../kafka/topic-producer.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { LeafDatabase } from '../images/leaf-database.ts';
import { UnpublishedImages } from '../images/unpublished-images.ts';
import { readImageEvent } from './image-event.ts';
import { PlantPublisher } from './plant-publisher.ts';

suite('The publisher of a plant', () => {
  let servers: LeafServers | undefined;
  before(async () => {
    servers = await realServer('publishing changes of leaf images', startLeafServers);
  });
  after(() => servers?.[Symbol.asyncDispose]());

  test('tells of an image without its photo where Kafka refuses it as too large, and of all others', async t => {
    if (!servers) return t.skip('Kafka or MongoDB could not be had');
    const { kafka, mongo } = servers;
    const admin = kafkaAdminOf(kafka);
    const configs = [{ name: 'max.message.bytes', value: '40000' }];
    await admin.createTopics({ topics: ['potato'], partitions: 1, configs });
    await admin.close();

    const url = secantusUrl(mongo, `leaf${randomUUID().slice(0, 8)}`);
    const logger = createLogger('silent');
    const database = new LeafDatabase(url, 'MONGO_PRODUCER_URL', logger);
    const topics = new TopicProducer(kafkaSettings(kafka), 'The test');
    const unpublished = new UnpublishedImages(database, false);
    const publisher = new PlantPublisher('potato', { unpublished, topics, sent: () => {}, logger });
    database.start();
    try {
      const images = [1, 2, 3].map(id => ({ ...newImage(id, seededNumbers(id)), unpublished: new Date(id) }));
      const large = images.map(image => (image.id === 2 ? { ...image, data: tooLarge } : image));
      await database.ask('potato', stored => stored.insertMany(large));
      publisher.start();
      await eventually(
        async () => (await unpublished.since('potato', new Date(), 10)).length === 0,
        'all are published',
        30_000,
      );
      const events = (await recordsOf(kafka, 'potato')).map(({ value }) => readImageEvent('potato', value));
      assert.deepEqual(
        events.map(({ image, data }) => [image.id, data?.length]),
        [
          [1, images[0]?.data?.length()],
          [2, undefined],
          [3, images[2]?.data?.length()],
        ],
      );
    } finally {
      await publisher.stop();
      await topics.close();
      await database.stop();
    }
  });
});

const tooLarge = new Binary(Buffer.alloc(60_000, 7));
