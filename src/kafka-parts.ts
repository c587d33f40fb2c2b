import type { Config } from './config/config.ts';
import { kafkaConnection, kafkaIntakeOptions } from './config/kafka-options.ts';
import { KafkaDriver } from './deliveries/kafka.ts';
import { KafkaPublisher, processedImageEncoder } from './deliveries/kafka-publisher.ts';
import type { Enlargement } from './intake/enlargement-events.ts';
import { KafkaIntake } from './intake/kafka.ts';
import type { IntakeGate } from './jobs/intake-gate.ts';
import type { IntakeStore } from './jobs/intake-store.ts';
import { SchemaRegistry } from './kafka/schema-registry.ts';
import { TopicProducer } from './kafka/topic-producer.ts';
import type { ModelLibrary } from './super-resolution/model-library.ts';
import { defaultScale, type ModelName } from './super-resolution/model-names.ts';
import type { Logger } from './telemetry/logger.ts';

export interface KafkaParts {
  /** For deliveries to topics. */
  readonly driver: KafkaDriver;
  readonly intake: KafkaIntake;
  close(): Promise<void>;
}

interface Surroundings {
  readonly store: IntakeStore;
  readonly gate: IntakeGate;
  readonly ring: (jobs: number) => void;
  readonly models: ModelLibrary;
  readonly retentionMs: number | undefined;
  readonly logger: Logger;
}

/** Whose jobs those of Kafka's events are. */
const owner = 'kafka';

/** What the configuration says of Kafka's events, built; undefined where it says nothing. Nothing connects yet. */
export function kafkaParts(config: Config, around: Surroundings): KafkaParts | undefined {
  const connection = kafkaConnection(config);
  const options = kafkaIntakeOptions(config);
  if (connection === undefined || options === undefined) return undefined;
  const { kafka } = connection;
  const { logger, models, retentionMs, ...intakeParts } = around;
  const { consume, processedTopic, bucket, enlargement } = options;
  const registry = new SchemaRegistry(connection.registry);
  const producer = new TopicProducer(kafka, 'KAFKA_TOPIC_USER_IMAGE_PROCESSED');
  const padding = config.MODEL_PADDING_SIZE ?? ownPadding(models, enlargement.model);
  const target = {
    owner,
    enlargement: { ...enlargement, padding },
    bucket,
    processedTopic,
    ...(retentionMs !== undefined && { retentionMs }),
  };
  return {
    driver: new KafkaDriver(new KafkaPublisher(producer), processedImageEncoder(registry, logger)),
    intake: new KafkaIntake({ ...intakeParts, kafka, registry, consume, target, logger }),
    close: () => producer.close(),
  };
}

/** What the network needs so that there are no seams; 0 where there is no such network, whose jobs fail anyhow. */
function ownPadding(models: ModelLibrary, model: ModelName): Enlargement['padding'] {
  const isMeant = ({ name, scale }: { name: string; scale: number }) =>
    name === model && scale === defaultScale(model);
  return models.networks().find(({ card }) => isMeant(card))?.card.padding ?? 0;
}
