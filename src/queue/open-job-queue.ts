import type { JobQueue } from '../jobs/job-queue.ts';
import type { StoreChanges } from '../jobs/store-changes.ts';
import type { KafkaSettings } from '../kafka/kafka-clients.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Broker } from './broker.ts';
import { BrokerQueue } from './broker-queue.ts';
import { DatabaseQueue } from './database.ts';

export type JobQueueOptions = { readonly driver: 'database' } | BrokerOptions;

type BrokerOptions =
  | { readonly driver: 'redis'; readonly url: string }
  | { readonly driver: 'sqs'; readonly queueUrl: string }
  | ({ readonly driver: 'kafka'; readonly topic: string } & KafkaSettings);

/**
 * The driver that the options name; a broker's client library is loaded only then. Throws `invalid-configuration` for
 * what only a person can mend at the broker.
 */
export async function openJobQueue(
  options: JobQueueOptions,
  changes: StoreChanges,
  logger: Logger,
): Promise<JobQueue> {
  if (options.driver === 'database') return new DatabaseQueue(changes);
  return BrokerQueue.open(await broker(options), logger);
}

async function broker(options: BrokerOptions): Promise<Broker> {
  switch (options.driver) {
    case 'redis':
      return new (await import('./redis.ts')).RedisBroker(options.url);
    case 'sqs':
      return new (await import('./sqs.ts')).SqsBroker(options.queueUrl);
    case 'kafka':
      return new (await import('./kafka.ts')).KafkaBroker(options, options.topic);
    default:
      return options satisfies never;
  }
}
