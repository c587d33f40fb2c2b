import { randomUUID } from 'node:crypto';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { BrokerQueue } from '../../../src/queue/broker-queue.ts';
import { SqsBroker } from '../../../src/queue/sqs.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import type { OpenBrokerQueue } from '../../contracts/broker-queue.ts';
import { elasticMqEnvironment } from '../servers/elasticmq.ts';
import type { RestartableServer } from '../servers/restartable-server.ts';

/** A new SQS queue. The AWS SDK is told of the server by this process's environment. */
export async function openSqsQueue(
  server: RestartableServer,
  kind: 'standard' | 'fifo',
): Promise<OpenBrokerQueue> {
  Object.assign(process.env, elasticMqEnvironment(server));
  const queueUrl = await createSqsQueue(kind);
  const queues: BrokerQueue[] = [];
  return {
    server,
    async open() {
      const queue = await BrokerQueue.open(new SqsBroker(queueUrl), createLogger('silent'));
      queues.push(queue);
      return queue;
    },
    submit: async (queue, jobs) => queue.ring(jobs),
    backlog: () => sqsBacklog(queueUrl),
    wipe: () => purge(queueUrl),
    async [Symbol.asyncDispose]() {
      await Promise.all(queues.map(queue => queue.close()));
    },
  };
}

async function purge(queueUrl: string): Promise<void> {
  const client = new SQSClient();
  await client.send(new PurgeQueueCommand({ QueueUrl: queueUrl }));
  client.destroy();
}

/** A queue that survives the death of its server. Resolves to its URL. */
export async function createSqsQueue(kind: 'standard' | 'fifo'): Promise<string> {
  const client = new SQSClient();
  const isFifo = kind === 'fifo';
  const { QueueUrl } = await client.send(
    new CreateQueueCommand({
      QueueName: `jobs-${randomUUID()}${isFifo ? '.fifo' : ''}`,
      ...(isFifo && { Attributes: { FifoQueue: 'true' } }),
    }),
  );
  if (QueueUrl === undefined) throw new Error('The queue has no URL.');
  // ElasticMQ answers before a new queue is on disk, but writes in order, and a message it has acknowledged is there.
  const ids = { MessageGroupId: 'first', MessageDeduplicationId: 'first' };
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'first', ...(isFifo && ids) }));
  client.destroy();
  await purge(QueueUrl);
  return QueueUrl;
}

export async function sqsBacklog(queueUrl: string): Promise<number> {
  const client = new SQSClient();
  const name = 'ApproximateNumberOfMessages';
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: [name] }),
  );
  client.destroy();
  return Number(Attributes?.[name]);
}
