import type { LeafConfig } from '../config/leaf-config.ts';
import type { Logger } from '../telemetry/logger.ts';
import { LeafDatabase } from './images/leaf-database.ts';
import { jobService } from './job-service.ts';
import { AnalyzerClient } from './jobs/analyzer-client.ts';
import { cameraTask } from './jobs/camera.ts';
import { ImageApiClient } from './jobs/image-api-client.ts';
import { recognizerTask } from './jobs/recognizer.ts';
import { synchronizerTask } from './jobs/synchronizer.ts';
import { usersTasks } from './jobs/users.ts';
import { LeafMetrics } from './leaf-metrics.ts';
import type { LeafService } from './leaf-service.ts';

/** Each of the four jobs as a process of its own: the page is the same, the configuration is not. */
export const jobServices = { camera, recognizer, users, synchronizer } as const satisfies Record<
  string,
  (config: LeafConfig, logger: Logger) => LeafService
>;

function camera(config: LeafConfig, logger: Logger): LeafService {
  return jobService({
    config,
    name: 'camera',
    page: { title: 'Camera', purpose: 'Takes a photo of a potato, a tomato and a pepper leaf.' },
    tasks: [cameraTask(new ImageApiClient(config.IMAGE_API_URL), config.CAMERA_SECONDS)],
    metrics: new LeafMetrics(),
    logger,
  });
}

function recognizer(config: LeafConfig, logger: Logger): LeafService {
  const api = new ImageApiClient(config.IMAGE_API_URL);
  const analyzer = new AnalyzerClient(config.IMAGE_ANALYZER_URL);
  return jobService({
    config,
    name: 'recognizer',
    page: { title: 'Recognizer', purpose: 'Has every new image analyzed, and notes the disease.' },
    tasks: [recognizerTask({ api, analyzer, everySeconds: config.RECOGNIZER_SECONDS })],
    metrics: new LeafMetrics(),
    logger,
  });
}

function users(config: LeafConfig, logger: Logger): LeafService {
  const intervals = {
    activateSeconds: config.USERS_ACTIVATE_SECONDS,
    metadataSeconds: config.USERS_METADATA_SECONDS,
    deleteSeconds: config.USERS_DELETE_SECONDS,
  };
  return jobService({
    config,
    name: 'users',
    page: { title: 'Users', purpose: 'Activates, changes and deletes images, as people do.' },
    tasks: usersTasks(new ImageApiClient(config.IMAGE_API_URL), intervals),
    metrics: new LeafMetrics(),
    logger,
  });
}

function synchronizer(config: LeafConfig, logger: Logger): LeafService {
  const producer = new LeafDatabase(config.MONGO_PRODUCER_URL, 'MONGO_PRODUCER_URL', logger);
  const consumer = new LeafDatabase(config.MONGO_CONSUMER_URL, 'MONGO_CONSUMER_URL', logger);
  const metrics = new LeafMetrics();
  const copied = metrics.copiedImages();
  return jobService({
    config,
    name: 'synchronizer',
    page: {
      title: 'Synchronizer',
      purpose: 'Copies all images from the producer’s database to the consumer’s.',
    },
    tasks: [synchronizerTask({ producer, consumer, everySeconds: config.SYNCHRONIZER_SECONDS, copied })],
    metrics,
    parts: [producer, consumer],
    readiness: async () => {
      const [ofProducer, ofConsumer] = await Promise.all([producer.fault(), consumer.fault()]);
      return { producer: ofProducer, consumer: ofConsumer };
    },
    logger,
  });
}
