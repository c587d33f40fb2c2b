import { kafkaLogin } from '../config/kafka-login.ts';
import type { LeafConfig } from '../config/leaf-config.ts';
import { BrokerCheck } from '../kafka/broker-check.ts';
import { TopicProducer } from '../kafka/topic-producer.ts';
import type { Logger } from '../telemetry/logger.ts';
import { PlantPublisher } from './events/plant-publisher.ts';
import { changeImages } from './http/change-images.ts';
import { leafServer } from './http/leaf-server.ts';
import { readImages } from './http/read-images.ts';
import { ImageChanges } from './images/image-changes.ts';
import { ImageQueries } from './images/image-queries.ts';
import { LeafDatabase } from './images/leaf-database.ts';
import { drawings, PhotoFolder } from './images/photos.ts';
import { UnpublishedImages } from './images/unpublished-images.ts';
import { LeafMetrics } from './leaf-metrics.ts';
import { type LeafService, leafService } from './leaf-service.ts';
import { type Plant, plants } from './plants.ts';

/** The producer: images are made, changed and deleted in its database, and every change is told to Kafka. */
export async function createImageApi(config: LeafConfig, logger: Logger): Promise<LeafService> {
  const kafka = { brokers: config.KAFKA_BOOTSTRAP_SERVERS, ...kafkaLogin(config) };
  const photos = config.LEAF_PHOTOS ? await PhotoFolder.open(config.LEAF_PHOTOS, logger) : drawings;
  const metrics = new LeafMetrics();
  const database = new LeafDatabase(config.MONGO_PRODUCER_URL, 'MONGO_PRODUCER_URL', logger);

  const unpublished = new UnpublishedImages(database, config.LEAF_EVENT_PHOTO === 'always');
  const sent = metrics.sentImages();
  // One each: a producer whose send fails is closed, under whatever else it was sending.
  const producers = plants.map(() => new TopicProducer(kafka, 'The leaf system'));
  const publishers = new Map(
    producers.map((topics, index) => {
      const plant = plants[index] as Plant;
      return [plant, new PlantPublisher(plant, { unpublished, topics, sent, logger })] as const;
    }),
  );
  const changes = new ImageChanges(database, (plant, id) => publishers.get(plant)?.changed(id));

  const brokers = new BrokerCheck(kafka);
  const readiness = async () => {
    const [mongodb, brokersFault] = await Promise.all([database.fault(), brokers.fault()]);
    return { mongodb, kafka: brokersFault };
  };
  // Changes wait in the database while Kafka is away.
  const http = leafServer({ readiness, spareParts: ['kafka'], metrics, logger });
  readImages(http, database, new ImageQueries(database));
  changeImages(http, changes, photos);
  const closed = [brokers, ...producers].map(each => ({ stop: () => each.close() }));
  return leafService(config, http, metrics, [database, ...closed, ...publishers.values()], logger);
}
