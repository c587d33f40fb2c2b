import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { recordSchemas } from '../../src/kafka/record-schemas.ts';
import { RecordWriter } from '../../src/kafka/record-writer.ts';
import { eventually } from '../support/eventually.ts';
import {
  imageEvents,
  type KafkaServers,
  registryOf,
  startKafkaIntake,
  startKafkaServers,
  userImage,
} from '../support/kafka-intake.ts';
import { KafkaTopic } from '../support/kafka-topic.ts';
import { kafkaLag } from '../support/queues/kafka-queue.ts';
import { realServer } from '../support/servers/real-server.ts';
import { openTestSqlite } from '../support/sqlite-file.ts';
import { fault } from './fault.ts';

const patienceMs = 120_000;
const partitions = 3;
/** A producer one version ahead writes into this partition alone. */
const newPartition = partitions - 1;
/** Known events of one portion; they are sent all the time that the registry is away. */
const portion = 60;

const row = {
  row: '33',
  // Ten minutes are a minute here: waits for the registry are 5 s at most, so that it is asked many times all the same.
  fault: 'the schema registry hangs, then is gone, while producers of a known and of a new schema go on',
  mustShow: 'known ids go on; unknown ones wait, and are taken once it is back; none dead-lettered for it',
  inTests: { portions: 4, everyMs: 300 },
  full: { portions: 60, everyMs: 1_000 },
};

fault(row, async ({ portions, everyMs }, report, t) => {
  await using servers = await realServer('the intake from Kafka without its registry', startKafkaServers);
  if (!servers) return t.skip('Kafka could not be had');
  const { registry } = servers;
  await using topic = await KafkaTopic.create(servers.kafka, partitions);
  await using database = await openTestSqlite();
  const { jobs, intake } = database.store;
  const group = randomUUID();
  await using _intake = startKafkaIntake(servers, topic, group, intake);
  const known = await imageEvents(servers, topic, Array(portion).fill('https://images.example.org/a.jpg'));
  const unknown = await ofNextVersion(servers, topic);
  const taken = () => jobs.queued(2 * portion * (portions + 2));
  await sendKnown(topic, known);
  await topic.consumedBy(group);

  registry.pause();
  await topic.send(unknown.map(value => ({ value, partition: newPartition })));
  let slowestMs = 0;
  for (let sent = 1; sent <= portions; sent += 1) {
    if (sent === Math.ceil(portions / 2)) await registry.end('SIGKILL');
    const before = performance.now();
    await sendKnown(topic, known);
    const areTaken = async () => (await taken()) === portion * (sent + 1);
    await eventually(areTaken, 'known ones are taken in', patienceMs);
    slowestMs = Math.max(slowestMs, performance.now() - before);
    await setTimeout(everyMs);
  }
  const waiting = await kafkaLag(topic.admin, topic.name, group);
  await registry.startAgain();
  const back = performance.now();
  await topic.consumedBy(group, patienceMs);

  report('known events meanwhile', portion * portions);
  report('slowest portion of them, ms', Math.round(slowestMs));
  report('events of the new schema that waited', waiting);
  report('seconds until they were taken', Math.round((performance.now() - back) / 100) / 10);
  assert.equal(waiting, unknown.length);
  assert.equal(await taken(), portion * (portions + 1) + unknown.length);
  const deadLetters = (await topic.admin.listTopics()).filter(name => name.includes('dead-letters'));
  report('dead letters', deadLetters.length);
  assert.deepEqual(deadLetters, []);
});

/** Into every partition but the one of the new schema. */
async function sendKnown(topic: KafkaTopic, values: readonly Buffer[]): Promise<void> {
  await topic.send(values.map((value, index) => ({ value, partition: index % newPartition })));
}

/** Events with a field more, whose schema is registered, and which the intake has never seen. */
function ofNextVersion(servers: KafkaServers, topic: KafkaTopic): Promise<Buffer[]> {
  const schema = recordSchemas.userImageUploaded as { readonly fields: readonly object[] };
  const fields = [...schema.fields, { name: 'camera', type: 'string', default: '' }];
  const writer = new RecordWriter(registryOf(servers), topic.name, { ...schema, fields });
  const events = Array.from({ length: portion }, (_, index) => ({
    ...userImage('https://images.example.org/b.jpg', index),
    camera: 'X100',
  }));
  return Promise.all(events.map(event => writer.write(event)));
}
