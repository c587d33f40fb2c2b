import { redisUrl } from './queues/redis-queue.ts';
import { createSqsQueue } from './queues/sqs-queue.ts';
import { elasticMqEnvironment, startElasticMq } from './servers/elasticmq.ts';
import { startKafka } from './servers/kafka.ts';
import type { RestartableServer } from './servers/restartable-server.ts';
import { startValkey } from './servers/valkey.ts';

/** A broker that job queues can be on. */
export interface JobQueueEngine {
  readonly name: string;
  start(): Promise<RestartableServer>;
  /** What a service needs to have a queue of its own there. @param port where it is reached: the server's, or a proxy's */
  environment(server: RestartableServer, port?: number): Promise<Record<string, string>>;
}

export const jobQueueEngines: readonly JobQueueEngine[] = [
  {
    name: 'Redis',
    start: () => startValkey(),
    environment: async (server, port = server.port) => ({ JOB_QUEUE_URL: redisUrl({ port }) }),
  },
  {
    name: 'SQS',
    start: startElasticMq,
    async environment(server, port = server.port) {
      Object.assign(process.env, elasticMqEnvironment(server));
      const queueUrl = new URL(await createSqsQueue('fifo'));
      // The AWS SDK connects to the queue's own address.
      queueUrl.port = String(port);
      return { ...elasticMqEnvironment({ port }), JOB_QUEUE_URL: `sqs:${queueUrl}` };
    },
  },
  {
    name: 'Kafka',
    start: startKafka,
    environment: async (server, port = server.port) => ({ JOB_QUEUE_URL: `kafka://127.0.0.1:${port}/jobs` }),
  },
];
