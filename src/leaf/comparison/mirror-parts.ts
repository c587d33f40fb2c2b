import { TopicProducer } from '../../kafka/topic-producer.ts';
import { createLogger, type Logger } from '../../telemetry/logger.ts';
import { ImageConsumer } from '../events/image-consumer.ts';
import { PlantPublisher } from '../events/plant-publisher.ts';
import { ImageCopies } from '../images/image-copies.ts';
import { LeafDatabase } from '../images/leaf-database.ts';
import { UnpublishedImages } from '../images/unpublished-images.ts';
import { JobLog } from '../jobs/job-log.ts';
import { synchronizerTask } from '../jobs/synchronizer.ts';
import type { CountImages } from '../leaf-metrics.ts';
import { type Plant, plants } from '../plants.ts';
import { ChangedImages } from './changed-images.ts';
import type { MirrorSettings } from './mirror-messages.ts';
import { ways } from './ways.ts';

/** What keeps the copies: the parts of the leaf system that do so, without the rest of it. */
export interface Mirror {
  /** Hears of each change of the producer's. */
  changed(plant: Plant, id: number): void;
  /** One batch; a stream has none. */
  copy(): Promise<void>;
}

interface MirrorParts extends MirrorSettings {
  readonly producer: LeafDatabase;
  readonly consumer: LeafDatabase;
  readonly moved: CountImages;
  readonly logger: Logger;
}

const never = new AbortController().signal;

/** Resolves when it is at work. */
export async function startMirror(settings: MirrorSettings, moved: CountImages): Promise<Mirror> {
  const logger = createLogger(settings.logLevel);
  const producer = new LeafDatabase(settings.producerUrl, 'MONGO_PRODUCER_URL', logger);
  const consumer = new LeafDatabase(settings.consumerUrl, 'MONGO_CONSUMER_URL', logger);
  for (const database of [producer, consumer]) database.start();
  const parts = { ...settings, producer, consumer, moved, logger };
  if (ways[settings.way].isStream) return stream(parts);
  return settings.way === 'batch-all' ? batchOfAll(parts) : await batchOfChanged(parts);
}

function batchOfAll({ producer, consumer, moved, logger }: MirrorParts): Mirror {
  // Whoever compares says when.
  const task = synchronizerTask({ producer, consumer, everySeconds: 600, copied: moved });
  const log = new JobLog(logger);
  return { changed: () => {}, copy: () => task.run({ signal: never, log, memory: new Map() }) };
}

async function batchOfChanged({ producer, consumer, moved }: MirrorParts): Promise<Mirror> {
  const images = new ChangedImages(producer, consumer, moved);
  await images.begin();
  return { changed: () => {}, copy: () => images.copy(never) };
}

function stream({ way, producer, consumer, kafka, groupId, moved, logger }: MirrorParts): Mirror {
  const unpublished = new UnpublishedImages(producer, way === 'stream-always');
  const publishers = new Map(
    plants.map(plant => {
      const topics = new TopicProducer(kafka, 'The comparison');
      return [plant, new PlantPublisher(plant, { unpublished, topics, sent: moved, logger })] as const;
    }),
  );
  for (const publisher of publishers.values()) publisher.start();
  new ImageConsumer({ kafka, groupId, copies: new ImageCopies(consumer), logger }).start();
  return {
    changed: (plant, id) => publishers.get(plant)?.changed(id),
    copy: async () => {},
  };
}
