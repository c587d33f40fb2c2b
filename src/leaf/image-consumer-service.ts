import { kafkaLogin } from '../config/kafka-login.ts';
import type { LeafConfig } from '../config/leaf-config.ts';
import { BrokerCheck } from '../kafka/broker-check.ts';
import type { Logger } from '../telemetry/logger.ts';
import { ImageConsumer } from './events/image-consumer.ts';
import { leafServer } from './http/leaf-server.ts';
import { readImages } from './http/read-images.ts';
import { ImageCopies } from './images/image-copies.ts';
import { ImageQueries } from './images/image-queries.ts';
import { LeafDatabase } from './images/leaf-database.ts';
import { LeafMetrics } from './leaf-metrics.ts';
import { type LeafService, leafService } from './leaf-service.ts';

/** The consumer: copies of the images in a database of its own, as Kafka tells of them, and the same questions as the image API. */
export function createConsumer(config: LeafConfig, logger: Logger): LeafService {
  const kafka = { brokers: config.KAFKA_BOOTSTRAP_SERVERS, ...kafkaLogin(config) };
  const metrics = new LeafMetrics();
  const database = new LeafDatabase(config.MONGO_CONSUMER_URL, 'MONGO_CONSUMER_URL', logger);
  const groupId = config.KAFKA_CONSUMER_GROUP_ID;
  const consumer = new ImageConsumer({ kafka, groupId, copies: new ImageCopies(database), logger });

  const brokers = new BrokerCheck(kafka);
  const readiness = async () => {
    const [mongodb, brokersFault] = await Promise.all([database.fault(), brokers.fault()]);
    return { mongodb, kafka: brokersFault };
  };
  // The copies are there while Kafka is away; they grow old.
  const http = leafServer({ readiness, spareParts: ['kafka'], metrics, logger });
  readImages(http, database, new ImageQueries(database));
  const check = { stop: () => brokers.close() };
  return leafService(config, http, metrics, [database, check, consumer], logger);
}
