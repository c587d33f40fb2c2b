import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import sharp from 'sharp';
import type { ProcessedImage } from '../../src/answers/processed-image.ts';
import { RecordReader } from '../../src/kafka/record-reader.ts';
import { recordSchemas } from '../../src/kafka/record-schemas.ts';
import { startHttp } from '../support/counting-server.ts';
import { eventually } from '../support/eventually.ts';
import {
  imageEvents,
  type KafkaServers,
  kafkaIntakeVariables,
  registryOf,
  startKafkaServers,
} from '../support/kafka-intake.ts';
import { KafkaTopic, recordsOf } from '../support/kafka-topic.ts';
import { committedOffsets } from '../support/queues/kafka-queue.ts';
import { realServer } from '../support/servers/real-server.ts';
import { Service } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { fault } from './fault.ts';

const patienceMs = 240_000;
const partitions = 3;
/** Events come all the time, in so many portions a second. */
const portionsASecond = 10;

const row = {
  row: 'kafka-killed',
  // A process that was killed keeps its partitions for 15 s: that is the time a kill takes.
  fault: 'the Kafka worker killed with SIGKILL again and again while events come in',
  mustShow:
    '0 lost, one job an event; every answer has the same key and fields each time, and its image is there',
  inTests: { events: 60, kills: 1, sendingMs: 3_000 },
  full: { events: 1_000, kills: 8, sendingMs: 150_000 },
};

fault(row, async ({ events, kills, sendingMs }, report, t) => {
  await using servers = await realServer('a Kafka worker that is killed', startKafkaServers);
  if (!servers) return t.skip('Kafka could not be had');
  const image = await sharp({ create: { width: 16, height: 16, channels: 3, background: 'teal' } })
    .jpeg()
    .toBuffer();
  await using images = await startHttp((_request, response) => response.end(image));
  await using topic = await KafkaTopic.create(servers.kafka, partitions);
  await using folder = await temporaryFolder();
  const processedTopic = `${topic.name}-processed`;
  const env = {
    ...kafkaIntakeVariables(servers, topic, processedTopic),
    ALLOW_PRIVATE_ADDRESSES: '127.0.0.0/8',
    LEASE_SECONDS: '2',
    LOG_LEVEL: 'fatal',
  };
  const group = env.KAFKA_CONSUMER_GROUP_ID;
  let service = await Service.start(env, folder.path);
  t.after(() => service.end('SIGKILL'));

  const urls = Array.from({ length: events }, (_, index) => `${images.url}/${index}.jpg`);
  const sent = { count: 0 };
  const sending = sendSteadily(topic, await imageEvents(servers, topic, urls), sendingMs, sent);
  const committed = async () => {
    const offsets = await committedOffsets(topic.admin, topic.name, group);
    return offsets.reduce((sum, offset) => sum + Number(offset), 0);
  };
  let uncommitted = 0;
  for (let kill = 1; kill <= kills; kill += 1) {
    // Once between job and offset, as near as one gets, and once after both.
    await hasChanged(kill % 2 === 1 ? () => newestJob(service) : committed);
    await service.end('SIGKILL');
    service = await Service.start(env, folder.path);
    uncommitted += (await countJobs(service)) - (await committed());
  }
  await sending;
  await topic.consumedBy(group, patienceMs);
  const answers = await answersTo(servers, processedTopic, events);

  const jobs = await countJobs(service);
  report('events', events);
  report('kills', kills);
  report('events with a job that came again', uncommitted);
  report('jobs', jobs);
  report('answered twice', answers.length - events);
  assert.equal(jobs, events);
  await checkAnswers(answers, events, folder.path);
});

async function checkAnswers(answers: readonly Answer[], events: number, folder: string): Promise<void> {
  const byEvent = Map.groupBy(answers, ({ record }) => record.user_image.id);
  assert.equal(byEvent.size, events);
  const isTheSame = (own: readonly Answer[]) => new Set(own.map(({ text }) => text)).size === 1;
  assert.ok([...byEvent.values()].every(isTheSame), 'an answer is the same each time');
  for (const { record } of answers) {
    assert.equal(record.success, true);
    assert.equal(record.object_key, createHash('md5').update(record.original_url).digest('hex'));
    await access(path.join(folder, 'processed', record.object_key));
  }
}

interface Answer {
  readonly record: ProcessedImage;
  /** Key and value. */
  readonly text: string;
}

async function sendSteadily(
  topic: KafkaTopic,
  values: readonly Buffer[],
  sendingMs: number,
  sent: { count: number },
): Promise<void> {
  const portion = Math.ceil((values.length * 1_000) / (sendingMs * portionsASecond));
  while (sent.count < values.length) {
    const next = values.slice(sent.count, sent.count + portion);
    await topic.send(next.map((value, index) => ({ value, partition: (sent.count + index) % partitions })));
    sent.count += next.length;
    await setTimeout(1_000 / portionsASecond);
  }
}

/** All, once every event has one. */
async function answersTo(servers: KafkaServers, topic: string, events: number): Promise<Answer[]> {
  const enough = async () => {
    const found = await recordsOf(servers.kafka, topic).catch(() => []);
    await setTimeout(500);
    return new Set(found.map(({ key }) => String(key))).size >= events && found;
  };
  const records = await eventually(enough, 'every event is answered', patienceMs);
  const reader = new RecordReader<ProcessedImage>(registryOf(servers), recordSchemas.imageProcessed);
  return Promise.all(
    records.map(async ({ key, value }) => ({
      record: await reader.read(value),
      text: `${key} ${value?.toString('hex')}`,
    })),
  );
}

async function hasChanged(ask: () => Promise<unknown>): Promise<void> {
  const before = await ask();
  await eventually(async () => (await ask()) !== before, 'it has changed', patienceMs);
}

async function newestJob({ url }: Service): Promise<string | undefined> {
  const { jobs } = (await (await fetch(`${url}/jobs?limit=1`)).json()) as { jobs: { id: string }[] };
  return jobs[0]?.id;
}

async function countJobs({ url }: Service): Promise<number> {
  let count = 0;
  for (let cursor: string | null = ''; cursor !== null; ) {
    const answer = await fetch(`${url}/jobs?limit=200${cursor && `&cursor=${cursor}`}`);
    const page = (await answer.json()) as { jobs: unknown[]; nextCursor: string | null };
    count += page.jobs.length;
    cursor = page.nextCursor;
  }
  return count;
}
