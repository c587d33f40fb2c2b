import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { ProcessedImage } from '../../src/answers/processed-image.ts';
import { KafkaDriver } from '../../src/deliveries/kafka.ts';
import { KafkaPublisher } from '../../src/deliveries/kafka-publisher.ts';
import { SqsDriver } from '../../src/deliveries/sqs.ts';
import { SqsPublisher } from '../../src/deliveries/sqs-publisher.ts';
import type { OpenJobStore } from '../../src/job-store/open-job-store.ts';
import type { GroupTarget } from '../../src/jobs/intake-store.ts';
import { TopicProducer } from '../../src/kafka/topic-producer.ts';
import { eventually } from '../support/eventually.ts';
import { startHttpService } from '../support/http-service.ts';
import { userImage } from '../support/kafka-intake.ts';
import { KafkaTopic, kafkaSettings, recordsOf } from '../support/kafka-topic.ts';
import { ResizeQueue } from '../support/queues/resize-queue.ts';
import { startRelay } from '../support/relaying.ts';
import { elasticMqEnvironment, startElasticMq } from '../support/servers/elasticmq.ts';
import { startKafka } from '../support/servers/kafka.ts';
import { realServer } from '../support/servers/real-server.ts';
import type { RestartableServer } from '../support/servers/restartable-server.ts';
import { newGroup, newPart } from '../support/stored-groups.ts';
import { completed, failed, minute, ref } from '../support/stored-jobs.ts';
import { startReceiver } from '../support/webhook-receiver.ts';
import { fault } from './fault.ts';

const patienceMs = 600_000;
/** Every so-many-th job fails. */
const everyNthFails = 10;

const row = {
  row: '38',
  // Ten minutes are one here: a broker that is away is tried every few seconds, and that is no turn of the schedule.
  fault: 'both brokers, Kafka and SQS, killed while jobs end of which API, Kafka, SQS and webhooks tell',
  mustShow: 'all four tell of every job, and the same; API and webhooks while the brokers are away',
  inTests: { jobs: 200, awayMs: 2_000 },
  full: { jobs: 10_000, awayMs: 60_000 },
};

fault(row, async ({ jobs, awayMs }, report, t) => {
  await using servers = await realServer('brokers that are away', startServers);
  if (!servers) return t.skip('Kafka or ElasticMQ could not be had');
  await using topic = await KafkaTopic.create(servers.kafka);
  using queue = await ResizeQueue.create('standard', 30);
  await using receiver = await startReceiver();
  const service = await startHttpService();
  t.after(() => service.stop());
  const { stores } = service;
  await using _relay = startMessages(stores, servers.kafka);
  await submit(stores, jobs, [
    { kind: 'kafka', topic: topic.name },
    { kind: 'sqs', queue: queue.url },
    { kind: 'webhook', url: receiver.url },
  ]);

  await endSome(stores, jobs / 10);
  await receiver.received(jobs / 10, patienceMs);
  await Promise.all([servers.kafka.end('SIGKILL'), servers.sqs.end('SIGKILL')]);
  const away = performance.now();
  await endSome(stores, jobs);
  const byApi = await tellApi(service.url);
  await receiver.received(jobs, patienceMs);
  const byWebhook = new Map(receiver.calls.map(({ body }) => JSON.parse(body)).map(readReport));
  await setTimeout(Math.max(0, awayMs - (performance.now() - away)));
  const pending = (await stores.deliveries.backlog()).pending;
  report('jobs', jobs);
  report('seconds away', Math.round((performance.now() - away) / 1_000));
  report('messages that waited', pending);

  await Promise.all([servers.kafka.startAgain(), servers.sqs.startAgain()]);
  const back = performance.now();
  await eventually(async () => (await stores.deliveries.backlog()).pending === 0, 'all told', patienceMs);
  report('seconds until all were told', Math.round((performance.now() - back) / 1_000));
  const records = (await recordsOf(servers.kafka, topic.name)).map(
    ({ value }): ProcessedImage => JSON.parse(String(value)),
  );
  // Its count is approximate: just after a start it may not have seen all.
  await eventually(async () => (await queue.backlog()) >= jobs, 'the queue has all', 60_000).catch(() => {});
  const messages = (await queue.take(await queue.backlog(), patienceMs)).map(body => JSON.parse(body));
  const byKafka = new Map(records.map(({ user_image, success }) => [user_image.id, success]));
  const bySqs = new Map(messages.map(readReport));
  const told = { byApi: byApi.size, byKafka: byKafka.size, bySqs: bySqs.size, byWebhook: byWebhook.size };
  for (const [by, count] of Object.entries(told)) report(`told ${by}`, count);
  report('told twice', records.length + messages.length + receiver.calls.length - 3 * jobs);
  assert.deepEqual(told, { byApi: jobs, byKafka: jobs, bySqs: jobs, byWebhook: jobs });
  for (const [id, success] of byApi) {
    assert.deepEqual([byKafka.get(id), bySqs.get(id), byWebhook.get(id)], [success, success, success]);
  }
  assert.equal((await stores.deliveryLog.list({ status: 'failed' }, { limit: 1 })).deliveries.length, 0);
});

async function startServers() {
  await using cleanup = new AsyncDisposableStack();
  const [kafka, sqs] = await Promise.all([
    startKafka().then(server => cleanup.use(server)),
    startElasticMq().then(server => cleanup.use(server)),
  ]);
  Object.assign(process.env, elasticMqEnvironment(sqs));
  const kept = cleanup.move();
  return { kafka, sqs, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Tells of groups as the service does, but that messages are JSON: neither schemas nor images are at stake here. */
function startMessages(store: OpenJobStore, kafka: RestartableServer): AsyncDisposable {
  const producer = new TopicProducer(kafkaSettings(kafka), 'KAFKA_TOPIC_USER_IMAGE_PROCESSED');
  const encode = async (_topic: string, record: ProcessedImage) => Buffer.from(JSON.stringify(record));
  const client = new SQSClient();
  // The queue's URL stands for its name here.
  const publisher = new SqsPublisher(client, { urlOf: async url => url });
  const relay = startRelay(store, {
    drivers: {
      kafka: new KafkaDriver(new KafkaPublisher(producer), encode),
      sqs: new SqsDriver(publisher, answer => JSON.stringify(answer)),
    },
  });
  return {
    async [Symbol.asyncDispose]() {
      await relay[Symbol.asyncDispose]();
      client.destroy();
      await producer.close();
    },
  };
}

async function submit(store: OpenJobStore, jobs: number, targets: readonly GroupTarget[]): Promise<void> {
  const configuration = { model_name: 'm', by_patch_of_size: 256, batch_size: 1, padding_size: 16 };
  const groups = Array.from({ length: jobs }, (_, index) => {
    const image = userImage('https://images.example.org/a.jpg', index);
    return newGroup({
      jobs: [newPart('image', { metadata: { image: image.id } })],
      context: { kind: 'processed-image', userImage: image, configuration },
      targets,
    });
  });
  for (let start = 0; start < jobs; start += 200) {
    await store.intake.submitGroups(groups.slice(start, start + 200));
  }
}

/** Ends so many of the jobs that wait, or all that do. */
async function endSome({ attempts }: OpenJobStore, most: number): Promise<void> {
  for (let ended = 0; ended < most; ) {
    const claims = await attempts.claim('worker', Math.min(100, most - ended), minute);
    if (claims.length === 0) return;
    const isBad = (index: number) => (ended + index) % everyNthFails === 0;
    const ends = claims.map((claim, index) =>
      attempts.end(ref(claim), isBad(index) ? failed : completed(claim)),
    );
    await Promise.all(ends);
    ended += claims.length;
  }
}

/** Of each image, whether its job is complete; jobs that have not ended are left out. */
async function tellApi(url: string): Promise<Map<number, boolean>> {
  const told = new Map<number, boolean>();
  for (let cursor: string | null = ''; cursor !== null; ) {
    const answer = await fetch(`${url}/jobs?limit=200${cursor && `&cursor=${cursor}`}`);
    const page = (await answer.json()) as {
      jobs: { status: string; metadata: { image: number } }[];
      nextCursor: string | null;
    };
    for (const { status, metadata } of page.jobs) {
      if (status === 'complete' || status === 'failed') told.set(metadata.image, status === 'complete');
    }
    cursor = page.nextCursor;
  }
  return told;
}

function readReport(report: { context: { userImage: { id: number } }; parts: { status: string }[] }) {
  return [report.context.userImage.id, report.parts[0]?.status === 'complete'] as const;
}
