import { randomUUID } from 'node:crypto';
import type { UserImage } from '../../src/answers/processed-image.ts';
import { KafkaIntake, type KafkaIntakeParts } from '../../src/intake/enlarging/kafka-intake.ts';
import { recordSchemas } from '../../src/kafka/record-schemas.ts';
import { RecordWriter } from '../../src/kafka/record-writer.ts';
import { SchemaRegistry } from '../../src/kafka/schema-registry.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { type KafkaTopic, kafkaSettings } from './kafka-topic.ts';
import { registryUrl, startApicurio } from './servers/apicurio.ts';
import { startKafka } from './servers/kafka.ts';
import type { RestartableServer } from './servers/restartable-server.ts';

/** What the intake from Kafka needs. */
export interface KafkaServers extends AsyncDisposable {
  readonly kafka: RestartableServer;
  readonly registry: RestartableServer;
}

export async function startKafkaServers(): Promise<KafkaServers> {
  await using cleanup = new AsyncDisposableStack();
  const [kafka, registry] = await Promise.all([
    startKafka().then(server => cleanup.use(server)),
    startApicurio().then(server => cleanup.use(server)),
  ]);
  const kept = cleanup.move();
  return { kafka, registry, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

export function registryOf({ registry }: Pick<KafkaServers, 'registry'>): SchemaRegistry {
  return new SchemaRegistry({ url: registryUrl(registry) });
}

/** The variables of a service that takes in a topic. */
export function kafkaIntakeVariables(
  { kafka, registry }: Pick<KafkaServers, 'kafka' | 'registry'>,
  topic: KafkaTopic,
  processedTopic: string,
) {
  return {
    KAFKA_BOOTSTRAP_SERVERS: `127.0.0.1:${kafka.port}`,
    KAFKA_SCHEMA_REGISTRY_URL: registryUrl(registry),
    KAFKA_CONSUMER_GROUP_ID: randomUUID(),
    KAFKA_TOPIC_USER_IMAGE_TO_PROCESS: topic.name,
    KAFKA_TOPIC_USER_IMAGE_PROCESSED: processedTopic,
    PROCESSED_IMAGES_BUCKET: 'processed',
  };
}

/** The intake of a topic, started; `changed` replaces some of its parts. */
export function startKafkaIntake(
  servers: KafkaServers,
  topic: KafkaTopic,
  groupId: string,
  store: KafkaIntakeParts['store'],
  changed: Partial<KafkaIntakeParts> = {},
): AsyncDisposable & { intake: KafkaIntake } {
  const intake = new KafkaIntake({
    kafka: kafkaSettings(servers.kafka),
    registry: registryOf(servers),
    consume: { topics: [topic.name], groupId, reset: 'earliest' },
    target: {
      owner: 'kafka',
      enlargement: { model: 'noise-cancel', patchSize: 256, batchSize: 1, padding: 16 },
      bucket: 'processed',
      processedTopic: 'processed',
    },
    store,
    gate: { opened: async () => {}, took: () => {} },
    ring: () => {},
    count: () => {},
    logger: createLogger('silent'),
    ...changed,
  });
  intake.start();
  return { intake, [Symbol.asyncDispose]: () => intake.stop() };
}

/** The record of an upload; its id is 1 for index 0. */
export function userImage(url: string, index: number): UserImage {
  const ids = { website_id: randomUUID(), user_id: randomUUID() };
  const facts = { created_at: '2026-01-05T10:00:00Z', format: 'jpeg', width: 60, height: 40 };
  return { id: index + 1, ...ids, ...facts, url };
}

/** The values of records that tell of images at these addresses, in the topic's schema. */
export function imageEvents(
  servers: Pick<KafkaServers, 'registry'>,
  topic: KafkaTopic,
  urls: readonly string[],
): Promise<Buffer[]> {
  const writer = new RecordWriter<UserImage>(
    registryOf(servers),
    topic.name,
    recordSchemas.userImageUploaded,
  );
  return Promise.all(urls.map((url, index) => writer.write(userImage(url, index))));
}
