import { randomUUID } from 'node:crypto';
import { type LeafConfig, type LeafService as Name, readLeafConfig } from '../../src/config/leaf-config.ts';
import { createImageApi } from '../../src/leaf/image-api.ts';
import { createConsumer } from '../../src/leaf/image-consumer-service.ts';
import type { LeafService } from '../../src/leaf/leaf-service.ts';
import { plants } from '../../src/leaf/plants.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { eventually } from './eventually.ts';
import { kafkaAdminOf } from './queues/kafka-queue.ts';
import { startKafka } from './servers/kafka.ts';
import type { RestartableServer } from './servers/restartable-server.ts';
import { secantusUrl, startSecantusDb } from './servers/secantusdb.ts';

/** What the leaf system needs: one MongoDB for both databases. */
export interface LeafServers extends AsyncDisposable {
  readonly kafka: RestartableServer;
  readonly mongo: RestartableServer;
}

export async function startLeafServers(): Promise<LeafServers> {
  await using cleanup = new AsyncDisposableStack();
  const [kafka, mongo] = await Promise.all([
    startKafka().then(server => cleanup.use(server)),
    startMongo().then(server => cleanup.use(server)),
  ]);
  const kept = cleanup.move();
  return { kafka, mongo, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function startMongo(): Promise<RestartableServer> {
  const server = await startSecantusDb();
  if (server === undefined) throw new Error('SecantusDB could not be had');
  return server;
}

/** The variables of a leaf system of its own on these servers, of which only one may be at work: the topics are the plants. */
export async function freshLeafVariables({ kafka, mongo }: Pick<LeafServers, 'kafka' | 'mongo'>) {
  const own = randomUUID().slice(0, 8);
  await deleteTopics(kafka);
  return {
    PORT: '0',
    METRICS_PORT: '0',
    LOG_LEVEL: 'silent',
    MONGO_PRODUCER_URL: secantusUrl(mongo, `imagedbplantproducer${own}`),
    MONGO_CONSUMER_URL: secantusUrl(mongo, `imagedbplantconsumer${own}`),
    KAFKA_BOOTSTRAP_SERVERS: `127.0.0.1:${kafka.port}`,
    KAFKA_CONSUMER_GROUP_ID: `leaf-${own}`,
  };
}

async function deleteTopics(kafka: RestartableServer): Promise<void> {
  await using admin = Object.assign(kafkaAdminOf(kafka), {
    async [Symbol.asyncDispose]() {
      await admin.close();
    },
  });
  const topics = await admin.listTopics();
  const ours = topics.filter(topic => plants.some(plant => topic.startsWith(plant)));
  if (ours.length === 0) return;
  await admin.deleteTopics({ topics: ours });
  // Their names are free a moment after the answer.
  await eventually(
    async () => !(await admin.listTopics()).some(topic => ours.includes(topic)),
    'the topics are gone',
  );
}

/** One of the services in this process, started. */
export async function startLeafService(
  name: 'image-api' | 'consumer',
  variables: Readonly<Record<string, string>>,
): Promise<{ readonly url: string } & AsyncDisposable> {
  const config = readLeafConfig(name satisfies Name, variables);
  const service = await services[name](config);
  const { url } = await service.start();
  return { url, [Symbol.asyncDispose]: () => service.stop() };
}

const services: Record<'image-api' | 'consumer', (config: LeafConfig) => Promise<LeafService>> = {
  'image-api': config => createImageApi(config, createLogger(config.LOG_LEVEL)),
  consumer: async config => createConsumer(config, createLogger(config.LOG_LEVEL)),
};

/** A record as HTTP answers have it. */
export interface LeafImage {
  readonly id: number;
  readonly camera_id: number | string;
  readonly data: string | null;
  readonly gps_coordinates: readonly [number, number];
  readonly created_at: string;
  readonly updated_at: string;
  readonly is_active: boolean;
  readonly is_deleted: boolean;
  readonly disease: string | null;
  readonly percentage: number | null;
}

/** Asks one of the services; `body` is the answer's JSON. */
export async function askLeaf<T = LeafImage>(
  { url }: { readonly url: string },
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; headers: Headers; body: T }> {
  const answer = await fetch(`${url}${path}`, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as T };
}
