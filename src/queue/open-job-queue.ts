import type { Config } from './config/config.ts';
import { type BrokerTarget, parseJobQueueUrl } from './config/job-queue-url.ts';
import { kafkaLogin } from './config/kafka-login.ts';
import type { JobQueue } from './jobs/job-queue.ts';
import type { StoreChanges } from './jobs/store-changes.ts';
import type { Broker } from './queue/broker.ts';
import { BrokerQueue } from './queue/broker-queue.ts';
import { DatabaseQueue } from './queue/database.ts';
import type { Logger } from './telemetry/logger.ts';

/**
 * The queue that JOB_QUEUE_URL names. A broker's library is loaded only where it is used. Throws `invalid-configuration`
 * for what only a person can mend at the broker.
 */
export async function openJobQueue(config: Config, changes: StoreChanges, logger: Logger): Promise<JobQueue> {
  const target = parseJobQueueUrl(config.JOB_QUEUE_URL) ?? { driver: 'database' };
  if (target.driver === 'database') return new DatabaseQueue(changes);
  return BrokerQueue.open(await broker(target, config), logger);
}

async function broker(target: BrokerTarget, config: Config): Promise<Broker> {
  switch (target.driver) {
    case 'redis':
      return new (await import('./queue/redis.ts')).RedisBroker(target.url);
    case 'sqs':
      return new (await import('./queue/sqs.ts')).SqsBroker(target.queueUrl);
    case 'kafka': {
      const { KafkaBroker } = await import('./queue/kafka.ts');
      return new KafkaBroker({ brokers: target.brokers, ...kafkaLogin(config) }, target.topic);
    }
    default:
      return target satisfies never;
  }
}
