import assert from 'node:assert/strict';
import type { ProcessedImage } from '../../src/answers/processed-image.ts';
import { RecordReader } from '../../src/kafka/record-reader.ts';
import { recordSchemas } from '../../src/kafka/record-schemas.ts';
import { startHttp } from '../support/counting-server.ts';
import { eventually } from '../support/eventually.ts';
import { FetchingService } from '../support/fetching-service.ts';
import {
  imageEvents,
  type KafkaServers,
  kafkaIntakeVariables,
  registryOf,
  startKafkaServers,
} from '../support/kafka-intake.ts';
import { KafkaTopic, recordsOf } from '../support/kafka-topic.ts';
import { loopbackSpellings, privateSpellings, refusedUrls } from '../support/private-addresses.ts';
import { ResizeQueue } from '../support/queues/resize-queue.ts';
import { elasticMqEnvironment, startElasticMq } from '../support/servers/elasticmq.ts';
import { realServer } from '../support/servers/real-server.ts';
import type { Service } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { fault } from './fault.ts';

const patienceMs = 120_000;
/** Names that lead inside, or nowhere here. */
const names = ['metadata.google.internal', 'metadata', 'ip6-localhost', 'a.localhost'];

const row = {
  row: '20c',
  fault:
    'private addresses in every spelling as images of Kafka’s and SQS’s messages, and as addresses of answers',
  mustShow: '0 connections to a blocked range; every event is answered or among the dead letters',
  inTests: { everyNth: 5 },
  full: { everyNth: 1 },
};

fault(row, async ({ everyNth }, report, t) => {
  await using servers = await realServer('private addresses in events', startServers);
  if (!servers) return t.skip('Kafka or ElasticMQ could not be had');
  const { kafka, registry, sqs } = servers;
  await using folder = await temporaryFolder();
  await using secret = await startHttp((_request, response) => response.end('secret'));
  await using secretV6 = await startHttp((_request, response) => response.end('secret'), '::1', secret.port);
  await using topic = await KafkaTopic.create(kafka, 3);
  using queue = await ResizeQueue.create('standard', 30);
  using answers = await ResizeQueue.create('standard', 30);
  const processedTopic = `${topic.name}-processed`;
  await using fetching = await FetchingService.start('false', folder.path, {
    ...kafkaIntakeVariables(servers, topic, processedTopic),
    ...elasticMqEnvironment(sqs),
    QUEUE_URL: queue.url,
    IMAGES_BUCKET: 'pictures',
    DELIVERY_SCHEDULE: '0.1s',
    LOG_LEVEL: 'error',
  });

  const hosts = [...loopbackSpellings, ...privateSpellings, ...names];
  const spelled = hosts.map(host => `http://${host}:${secret.port}/`);
  const urls = [...spelled, ...refusedUrls].filter((_, index) => index % everyNth === 0);
  await topic.send((await imageEvents(servers, topic, urls)).map(value => ({ value })));
  const redirectQueue = answers.url.split('/').at(-1) ?? '';
  await queue.send(urls.map(url => JSON.stringify({ image_url: url, redirect_queue: redirectQueue })));
  await queue.send(urls.map(url => JSON.stringify({ image_url: 'none', postback_url: url })));

  const told = (await answers.take(urls.length, patienceMs)).map(body => JSON.parse(body));
  const records = await processed(servers, processedTopic, urls.length);
  await eventually(async () => (await queue.backlog()) === 0, 'the queue is empty', patienceMs);
  await eventually(
    async () => (await deliveries(fetching.service, 'pending')) === 0,
    'all ended',
    patienceMs,
  );
  const deadLetters = (await queue.deadLetters()).length;
  const givenUp = await deliveries(fetching.service, 'failed');
  const brokers = [kafka.port, registry.port, sqs.port].map(port => `127.0.0.1 ${port}`);
  const attempts = await fetching.attempts();
  const blocked = attempts.filter(attempt => !brokers.includes(attempt));

  report('addresses', urls.length);
  report('events', 3 * urls.length);
  report('answers that say that there is no image', records.length + told.length);
  report('postbacks refused as they came', deadLetters);
  report('postbacks given up', givenUp);
  report('connections tried to blocked addresses', blocked.length);
  assert.ok(attempts.length > 0, 'attempts are recorded');
  assert.deepEqual(blocked, []);
  assert.equal(secret.connections + secretV6.connections, 0);
  assert.deepEqual(
    records.filter(({ success }) => success),
    [],
  );
  for (const { image_url, image_url_info } of told) assert.ok(image_url_info.error.code, image_url);
  assert.equal(deadLetters + givenUp, urls.length);
});

async function startServers() {
  await using cleanup = new AsyncDisposableStack();
  const { kafka, registry } = cleanup.use(await startKafkaServers());
  const sqs = cleanup.use(await startElasticMq());
  Object.assign(process.env, elasticMqEnvironment(sqs));
  const kept = cleanup.move();
  return { kafka, registry, sqs, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Once there are so many. */
async function processed(servers: KafkaServers, topic: string, count: number): Promise<ProcessedImage[]> {
  const enough = async () => {
    const found = await recordsOf(servers.kafka, topic).catch(() => []);
    return found.length >= count && found;
  };
  const records = await eventually(enough, 'every event is answered', patienceMs);
  const reader = new RecordReader<ProcessedImage>(registryOf(servers), recordSchemas.imageProcessed);
  return Promise.all(records.map(({ value }) => reader.read(value)));
}

async function deliveries({ url }: Service, status: string): Promise<number> {
  const answer = await fetch(`${url}/deliveries?status=${status}&limit=200`);
  return ((await answer.json()) as { deliveries: unknown[] }).deliveries.length;
}
