import { randomUUID } from 'node:crypto';
import { Binary, MongoClient } from 'mongodb';
import { kafkaConsumer } from '../../src/kafka/kafka-clients.ts';
import { TopicProducer } from '../../src/kafka/topic-producer.ts';
import { ImageConsumer } from '../../src/leaf/events/image-consumer.ts';
import { readImageEvent, writeImageEvent } from '../../src/leaf/events/image-event.ts';
import { ImageCopies } from '../../src/leaf/images/image-copies.ts';
import { LeafDatabase } from '../../src/leaf/images/leaf-database.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { kafkaSettings } from '../../test/support/kafka-topic.ts';
import { type LeafServers, startLeafServers } from '../../test/support/leaf.ts';
import { newImage } from '../../test/support/leaf-history.ts';
import { kafkaAdminOf } from '../../test/support/queues/kafka-queue.ts';
import { seededNumbers } from '../../test/support/seeded-numbers.ts';
import { secantusUrl } from '../../test/support/servers/secantusdb.ts';
import { compare } from '../support/pairs.ts';
import type { Row } from '../support/row.ts';

/** With the round that is not counted we copy 100,000. */
const perRound = 20_000;
const rounds = 4;
/** The peer takes so much longer for each that fewer say as much. */
const perPeerRound = 2_000;
const plant = 'potato';
const partitions = 3;
const atOnce = 25;

export const leafMirror: Row = {
  number: '11',
  work: `leaf: creations of 20 KB each from Kafka to MongoDB (SecantusDB), ${perRound} a round`,
  peer: `one poll, one insert, acknowledged as durably; ${perPeerRound} a round`,
  goal: '≥ 10× as many events/s',
  async measure() {
    await using servers = await startLeafServers();
    await sendEvents(servers);
    const comparison = await compare(
      () => ourRate(servers),
      () => peerRate(servers),
      rounds,
    );
    return { figure: comparison.ratio.median, unit: 'events/s', ...comparison };
  },
};

async function sendEvents({ kafka }: LeafServers): Promise<void> {
  const admin = kafkaAdminOf(kafka);
  await admin.createTopics({ topics: [plant], partitions });
  await admin.close();
  const producer = new TopicProducer(kafkaSettings(kafka), 'The benchmark');
  const random = seededNumbers(11);
  for (let start = 1; start <= perRound; start += atOnce) {
    const images = Array.from({ length: atOnce }, (_, index) => newImage(start + index, random));
    const messages = images.map(image => ({
      key: String(image.id),
      value: writeImageEvent(plant, image),
      headers: {},
    }));
    await producer.send(plant, messages);
  }
  await producer.close();
}

/** From the first copies on, so that joining the group is not counted. */
async function ourRate({ kafka, mongo }: LeafServers): Promise<number> {
  await using target = await emptyDatabase(mongo.port);
  const logger = createLogger('warn');
  const database = new LeafDatabase(target.url, 'The benchmark', logger);
  database.start();
  const copies = new ImageCopies(database);
  const done = Promise.withResolvers<number>();
  let copied = 0;
  let since = 0;
  const consumer = new ImageConsumer({
    kafka: kafkaSettings(kafka),
    groupId: randomUUID(),
    copies: {
      async write(of, events) {
        since ||= performance.now();
        await copies.write(of, events);
        copied += events.length;
        if (copied >= perRound) done.resolve(performance.now());
      },
    },
    logger,
  });
  consumer.start();
  const end = await done.promise;
  await consumer.stop();
  await database.stop();
  return (perRound * 1_000) / (end - since);
}

/** As the first consumer does it. */
async function peerRate({ kafka, mongo }: LeafServers): Promise<number> {
  await using target = await emptyDatabase(mongo.port);
  const collection = target.client.db().collection('images');
  const membership = { groupId: randomUUID(), groupInstanceId: randomUUID() };
  const consumer = kafkaConsumer(kafkaSettings(kafka), { retries: 12, retryDelay: 250 }, membership);
  const records = await consumer.consume({ topics: [plant], mode: 'earliest', autocommit: true });
  let since = 0;
  let copied = 0;
  for await (const { value } of records) {
    since ||= performance.now();
    const { image, data } = readImageEvent(plant, value);
    await collection.insertOne({ ...image, ...(data && { data: new Binary(data) }) });
    copied += 1;
    if (copied === perPeerRound) break;
  }
  const end = performance.now();
  await consumer.close(true);
  return (perPeerRound * 1_000) / (end - since);
}

async function emptyDatabase(port: number) {
  const url = secantusUrl({ port }, `bench${randomUUID().slice(0, 8)}`);
  const client = new MongoClient(url, { writeConcern: { w: 'majority', journal: true } });
  return {
    url,
    client,
    async [Symbol.asyncDispose]() {
      await client.db().dropDatabase();
      await client.close();
    },
  };
}
