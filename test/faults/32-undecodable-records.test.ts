import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { OpenJobStore } from '../../src/job-store/open-job-store.ts';
import { frame } from '../../src/kafka/wire-format.ts';
import { countedRegistry } from '../support/counted-registry.ts';
import {
  imageEvents,
  type KafkaServers,
  startKafkaIntake,
  startKafkaServers,
} from '../support/kafka-intake.ts';
import { KafkaTopic, recordsOf } from '../support/kafka-topic.ts';
import { realServer } from '../support/servers/real-server.ts';
import { openTestSqlite } from '../support/sqlite-file.ts';
import { fault } from './fault.ts';

const partitions = 3;
const longestMs = 60_000;
/** One record in so many can't be read. */
const everyNth = 100;
/** The registry knows none from here on. */
const unknownIds = { first: 900_000, count: 5 };

const row = {
  row: '32',
  fault:
    'records that can’t be decoded, 1 %: no Avro, cut off, empty, of schemas that the registry does not know',
  mustShow:
    'each in the dead letters once; lag 0 in 60 s; one call of the registry per bad id a minute at most',
  inTests: { events: 2_000 },
  full: { events: 10_000 },
};

fault(row, async ({ events }, report, t) => {
  await using servers = await realServer('undecodable records on Kafka', startKafkaServers);
  if (!servers) return t.skip('Kafka could not be had');
  await using database = await openTestSqlite();
  const { store } = database;
  const good = await KafkaTopic.create(servers.kafka, partitions);
  await using topic = await KafkaTopic.create(servers.kafka, partitions);
  await using registry = await countedRegistry(servers);

  const alone = await takeIn(servers, good, await valuesOf(servers, good, events), store, registry.client);
  await good[Symbol.asyncDispose]();
  report('events a second, intake alone', Math.round((events / alone) * 1_000));

  const values = spoilt(await valuesOf(servers, topic, events));
  const took = await takeIn(servers, topic, values, store, registry.client);
  const bad = values.flatMap(({ isBad }, index) => (isBad ? [placeOf(index)] : []));
  const dead = (await recordsOf(servers.kafka, `${topic.name}.dead-letters`)).map(({ headers }) => headers);
  const calls = Array.from({ length: unknownIds.count }, (_, index) =>
    registry.calls(unknownIds.first + index),
  );
  report('events', events);
  report('undecodable', bad.length);
  report('dead letters', dead.length);
  report('seconds until lag 0', Math.round(took / 100) / 10);
  report('events a second with them', Math.round((events / took) * 1_000));
  report('unknown schema ids', unknownIds.count);
  report('calls of the registry per unknown id, at most', Math.max(...calls));
  assert.deepEqual(
    dead.map(({ partition, offset }) => `${partition}:${offset}`).toSorted(),
    bad.toSorted(),
    'each once',
  );
  assert.ok(
    dead.every(({ reason }) => reason !== undefined && reason !== ''),
    'each with its reason',
  );
  assert.ok(took < longestMs);
  assert.deepEqual(calls, Array(unknownIds.count).fill(1));
  assert.equal(await store.jobs.queued(3 * events), 2 * events - bad.length);
});

/** Milliseconds from the start of the intake until all is committed. */
async function takeIn(
  servers: KafkaServers,
  topic: KafkaTopic,
  values: readonly { value: Buffer | undefined }[],
  store: OpenJobStore,
  registry: Awaited<ReturnType<typeof countedRegistry>>['client'],
): Promise<number> {
  await topic.send(
    values.map(({ value }, index) => ({
      ...(value !== undefined && { value }),
      partition: index % partitions,
    })),
  );
  const group = randomUUID();
  const start = performance.now();
  await using _intake = startKafkaIntake(servers, topic, group, store.intake, { registry });
  await topic.consumedBy(group, 2 * longestMs);
  return performance.now() - start;
}

async function valuesOf(servers: KafkaServers, topic: KafkaTopic, events: number) {
  const urls = Array.from({ length: events }, (_, index) => `https://images.example.org/${index}.jpg`);
  return (await imageEvents(servers, topic, urls)).map(value => ({ value }));
}

/** Partition and offset, as the values are sent. */
function placeOf(index: number): string {
  return `${index % partitions}:${Math.floor(index / partitions)}`;
}

function spoilt(values: readonly { value: Buffer }[]): { value: Buffer | undefined; isBad: boolean }[] {
  return values.map(({ value }, index) => {
    const isBad = index % everyNth === everyNth - 1;
    return { value: isBad ? bad(value, Math.floor(index / everyNth)) : value, isBad };
  });
}

function bad(value: Buffer, index: number): Buffer | undefined {
  const schemaId = unknownIds.first + (index % unknownIds.count);
  const kinds = [
    Buffer.from('{"url": "https://images.example.org/json.jpg"}'),
    value.subarray(0, value.length - 7),
    undefined,
    frame({ schemaId, body: value.subarray(5) }),
    frame({ schemaId: -1, body: value }),
    frame({ schemaId, body: Buffer.alloc(0) }),
  ];
  return kinds[index % kinds.length];
}
