import type { Config } from '../config/config.ts';
import type { KafkaConnection, KafkaIntakeOptions } from '../config/kafka-options.ts';
import { KafkaDriver } from '../deliveries/kafka.ts';
import { KafkaPublisher, processedImageEncoder } from '../deliveries/kafka-publisher.ts';
import type { DeliveryDriver } from '../deliveries/outcome.ts';
import type { Enlargement } from '../intake/enlarging/enlargement-group.ts';
import { KafkaIntake } from '../intake/enlarging/kafka-intake.ts';
import type { CountEvents } from '../intake/event-count.ts';
import type { IntakeGate } from '../jobs/intake-gate.ts';
import type { IntakeStore } from '../jobs/intake-store.ts';
import type { JobQueue } from '../jobs/job-queue.ts';
import { parseRetention } from '../jobs/retention.ts';
import { SchemaRegistry } from '../kafka/schema-registry.ts';
import { TopicProducer } from '../kafka/topic-producer.ts';
import type { ModelLibrary } from '../super-resolution/model-library.ts';
import { defaultScale, type ModelName } from '../super-resolution/model-names.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface EnlargingParts {
  readonly intake: IntakeStore;
  readonly gate: IntakeGate;
  readonly queue: Pick<JobQueue, 'ring'>;
  readonly models: ModelLibrary;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** The Kafka super-resolution worker: its intake, and the way of its answers to other topics. */
export interface EnlargingService extends AsyncDisposable {
  readonly driver: DeliveryDriver<'kafka'>;
  /** Starts the intake. */
  start(): void;
  /** Stops the intake. */
  stop(): Promise<void>;
  /** Why the intake can't go on now, for people; null when it can. */
  fault(): string | null;
}

/** Whose jobs those of Kafka's events are. */
const owner = 'kafka';

/** Built and not started; stopped when it is disposed of. Nothing connects yet. */
export function createEnlargingService(
  config: Config,
  { kafka, registry: registryLogin }: KafkaConnection,
  { consume, processedTopic, bucket, enlargement }: KafkaIntakeOptions,
  { intake: store, gate, queue, models, metrics, logger }: EnlargingParts,
): EnlargingService {
  const registry = new SchemaRegistry(registryLogin);
  const producer = new TopicProducer(kafka, 'KAFKA_TOPIC_USER_IMAGE_PROCESSED');
  const padding = config.MODEL_PADDING_SIZE ?? ownPadding(models, enlargement.model);
  const retentionMs = parseRetention(config.RETENTION);
  const target = {
    owner,
    enlargement: { ...enlargement, padding },
    bucket,
    processedTopic,
    ...(retentionMs !== undefined && { retentionMs }),
  };
  const count: CountEvents = (result, events) =>
    metrics.intakeEvents.inc({ intake: 'kafka', result }, events);
  const ring = (jobs: number) => queue.ring(jobs);
  const intake = new KafkaIntake({ store, gate, ring, kafka, registry, consume, target, count, logger });
  return {
    driver: new KafkaDriver(new KafkaPublisher(producer), processedImageEncoder(registry, logger)),
    start: () => intake.start(),
    stop: () => intake.stop(),
    fault: () => intake.fault(),
    async [Symbol.asyncDispose]() {
      await intake.stop();
      await producer.close();
    },
  };
}

/** What the network needs so that there are no seams; 0 where there is no such network, whose jobs fail anyhow. */
function ownPadding(models: ModelLibrary, model: ModelName): Enlargement['padding'] {
  const isMeant = ({ name, scale }: { name: string; scale: number }) =>
    name === model && scale === defaultScale(model);
  return models.networks().find(({ card }) => isMeant(card))?.card.padding ?? 0;
}
