import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { MongoClient } from 'mongodb';
import { TopicProducer } from '../../src/kafka/topic-producer.ts';
import type { ImageDocument } from '../../src/leaf/images/plant-image.ts';
import { collectionOf, plants } from '../../src/leaf/plants.ts';
import { eventually } from '../support/eventually.ts';
import { kafkaSettings } from '../support/kafka-topic.ts';
import { askLeaf, freshLeafVariables, type LeafServers, startLeafServers } from '../support/leaf.ts';
import { type LeafHistory, leafHistory, withDuplicates } from '../support/leaf-history.ts';
import { LeafProcess } from '../support/leaf-process.ts';
import { committedOffsets, kafkaAdminOf, kafkaLag } from '../support/queues/kafka-queue.ts';
import { realServer } from '../support/servers/real-server.ts';
import { fault } from './fault.ts';

const patienceMs = 1_800_000;
const partitions = 3;
const atOnce = 25;
const page = 200;

const row = {
  row: '34',
  // A process that was killed keeps its partitions for 15 s: that is the time a kill takes.
  fault:
    'leaf: creations, changes and deletions, 10 % of the events twice, all replayed; consumer and image API killed with SIGKILL again and again',
  mustShow: '0 differences between the databases, no resurrected delete',
  inTests: { events: 300, replays: 1, kills: 1, live: 20, liveKills: 1 },
  full: { events: 100_000, replays: 3, kills: 20, live: 1_000, liveKills: 10 },
};

fault(row, async ({ events, replays, kills, live, liveKills }, report, t) => {
  await using servers = await realServer('the mirror of leaf images', startLeafServers);
  if (!servers) return t.skip('Kafka or MongoDB could not be had');
  const variables = { ...(await freshLeafVariables(servers)), LOG_LEVEL: 'fatal' };
  await using databases = await Databases.open(variables);
  await using admin = Object.assign(kafkaAdminOf(servers.kafka), {
    [Symbol.asyncDispose]: () => admin.close(),
  });
  await admin.createTopics({ topics: [...plants], partitions });

  const histories = plants.map((plant, index) => leafHistory(plant, Math.ceil(events / 3), index + 1));
  const sent = await sendAll(servers, histories);
  for (const [index, plant] of plants.entries()) await databases.fill(plant, histories[index]?.images ?? []);

  // Some changes go the whole way, from the image API on.
  const changing = changeThroughApi(t, variables, live, liveKills);
  // What fails first is told.
  changing.catch(() => {});
  const progress = async (group: string) => {
    const offsets = await Promise.all(plants.map(plant => committedOffsets(admin, plant, group)));
    return offsets.flat().reduce((sum, offset) => sum + Number(offset), 0);
  };
  const passes = replays + 1;
  let killed = 0;
  for (let pass = 0; pass < passes; pass += 1) {
    // A group that has committed nothing begins at the first event.
    const group = `${variables.KAFKA_CONSUMER_GROUP_ID}-${pass}`;
    const start = () => LeafProcess.start('consumer', { ...variables, KAFKA_CONSUMER_GROUP_ID: group });
    let consumer = await start();
    t.after(() => consumer.end('SIGKILL'));
    const killsUpToHere = Math.round((kills * (pass + 1)) / passes);
    const killsOfPass = killsUpToHere - killed;
    for (let kill = 1; kill <= killsOfPass; kill += 1) {
      const enough = (sent * kill) / (killsOfPass + 1);
      await eventually(async () => (await progress(group)) >= enough, 'it goes on', patienceMs);
      await consumer.end('SIGKILL');
      consumer = await start();
    }
    killed = killsUpToHere;
    if (pass === 0) {
      const changes = await changing;
      report(
        'changes over HTTP',
        Object.values(changes).reduce((sum, count) => sum + count, 0),
      );
      assert.ok(changes.PUT > 0 && changes.POST > 0 && changes.DELETE > 0, JSON.stringify(changes));
    }
    const lag = async () => {
      const lags = await Promise.all(plants.map(plant => kafkaLag(admin, plant, group)));
      return lags.every(each => each === 0) && (await databases.unpublished()) === 0;
    };
    await eventually(lag, 'all is copied', patienceMs);
    const { differences, resurrected } = await databases.compare();
    report(`differences after pass ${pass + 1}`, differences);
    report(`resurrected after pass ${pass + 1}`, resurrected);
    await consumer.end('SIGTERM');
    assert.deepEqual([differences, resurrected], [0, 0]);
  }
  report('events', events);
  report('events sent with duplicates', sent);
  report('replays', replays);
  report('kills of the consumer', killed);
  report('kills of the image API', liveKills);
  report(
    'images',
    histories.reduce((sum, { images }) => sum + images.length, 0),
  );
});

/** Returns how many there are with the duplicates. */
async function sendAll({ kafka }: LeafServers, histories: readonly LeafHistory[]): Promise<number> {
  const producer = new TopicProducer(kafkaSettings(kafka), 'The test');
  let sent = 0;
  for (const [index, plant] of plants.entries()) {
    const events = withDuplicates(histories[index]?.events ?? [], 10, index + 1);
    for (let start = 0; start < events.length; start += atOnce) {
      const next = events.slice(start, start + atOnce);
      await producer.send(
        plant,
        next.map(event => ({ ...event, headers: {} })),
      );
    }
    sent += events.length;
  }
  await producer.close();
  return sent;
}

type Changes = Record<'PUT' | 'POST' | 'DELETE', number>;

/** Creations, changes and deletions; resolves to how many of each were done. The next ones go to the API that is there then. */
async function changeThroughApi(
  t: TestContext,
  variables: Readonly<Record<string, string>>,
  changes: number,
  kills: number,
): Promise<Changes> {
  const done: Changes = { PUT: 0, POST: 0, DELETE: 0 };
  let api = await startApi(variables);
  t.after(() => api.end('SIGKILL'));
  const perKill = Math.ceil(changes / (kills + 1));
  const deaths: Promise<void>[] = [];
  for (let index = 0; index < changes; index += 1) {
    if (index > 0 && index % perKill === 0) {
      // In the middle of a change.
      deaths.push(change(api, index, done).catch(() => {}));
      await api.end('SIGKILL');
      api = await startApi(variables);
    }
    await change(api, index, done);
  }
  await Promise.all(deaths);
  // What was left unpublished by those that died is older than 10 s, or published by this one at its start.
  await api.end('SIGTERM');
  return done;
}

/** Once the database is there for it. */
async function startApi(variables: Readonly<Record<string, string>>): Promise<LeafProcess> {
  const api = await LeafProcess.start('image-api', variables);
  const isReady = async () => (await askLeaf(api, 'GET', '/health/ready')).status === 200;
  await eventually(isReady, 'the image API is ready', patienceMs);
  return api;
}

/** Counts it where it was done: of an image that is deleted or not there yet it is refused. */
async function change(api: LeafProcess, index: number, done: Changes): Promise<void> {
  const where = `/image-plant/${plants[index % plants.length]}`;
  const id = 1 + (index % 20);
  const [method, path, body] =
    index % 3 === 0
      ? (['PUT', where, { camera_id: index, gps_coordinates: [46, 6] }] as const)
      : index % 17 === 0
        ? (['DELETE', `${where}/${id}`] as const)
        : (['POST', where, { id, percentage: index % 100 }] as const);
  const { status } = await askLeaf(api, method, path, body);
  assert.ok(
    status === 200 || (status === 404 && method !== 'PUT'),
    `${method} ${path} was answered ${status}`,
  );
  if (status === 200) done[method] += 1;
}

/** The producer's and the consumer's. */
class Databases implements AsyncDisposable {
  readonly #producer: MongoClient;
  readonly #consumer: MongoClient;

  static async open(variables: Readonly<Record<string, string>>): Promise<Databases> {
    const urls = [variables.MONGO_PRODUCER_URL, variables.MONGO_CONSUMER_URL];
    const [producer, consumer] = await Promise.all(urls.map(url => new MongoClient(url ?? '').connect()));
    assert.ok(producer && consumer);
    return new Databases(producer, consumer);
  }

  private constructor(producer: MongoClient, consumer: MongoClient) {
    this.#producer = producer;
    this.#consumer = consumer;
  }

  /** With images that Kafka knows already. */
  async fill(plant: (typeof plants)[number], images: readonly ImageDocument[]): Promise<void> {
    const collection = this.#producer.db().collection(collectionOf(plant));
    await collection.createIndex({ id: 1 }, { unique: true });
    for (let start = 0; start < images.length; start += page) {
      const next = images.slice(start, start + page);
      await collection.insertMany(next.map(image => ({ ...image, published: image.version })));
    }
  }

  async unpublished(): Promise<number> {
    const counts = plants.map(plant =>
      this.#producer
        .db()
        .collection(collectionOf(plant))
        .countDocuments({ unpublished: { $exists: true } }),
    );
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  async compare(): Promise<{ differences: number; resurrected: number }> {
    const found = { differences: 0, resurrected: 0 };
    for (const plant of plants) {
      for (let from = 1; ; from += page) {
        const [ours, copies] = await Promise.all(
          [this.#producer, this.#consumer].map(client => imagesFrom(client, collectionOf(plant), from)),
        );
        if (!ours || !copies || ours.size + copies.size === 0) break;
        for (const id of new Set([...ours.keys(), ...copies.keys()])) {
          const [image, copy] = [ours.get(id), copies.get(id)];
          if (JSON.stringify(image) !== JSON.stringify(copy)) found.differences += 1;
          if (image?.is_deleted && !copy?.is_deleted) found.resurrected += 1;
        }
      }
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#producer.close(), this.#consumer.close()]);
  }
}

/** By id, with every field that both have to have, in one order. */
async function imagesFrom(client: MongoClient, collection: string, from: number) {
  const documents = await client
    .db()
    .collection<ImageDocument>(collection)
    .find({ id: { $gte: from, $lt: from + page } })
    .toArray();
  return new Map(
    documents.map(({ id, _id, published, unpublished, data, ...facts }) => {
      const fields = Object.entries(facts).sort(([one], [other]) => (one < other ? -1 : 1));
      return [id, { is_deleted: facts.is_deleted, data: data?.toString('base64'), fields }] as const;
    }),
  );
}
