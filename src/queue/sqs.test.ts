import { after, describe } from 'node:test';
import { backlogContract, brokerAwayContract } from '../../test/contracts/broker-queue.ts';
import { jobQueueContract } from '../../test/contracts/job-queue.ts';
import { openSqsQueue } from '../../test/support/queues/sqs-queue.ts';
import { startElasticMq } from '../../test/support/servers/elasticmq.ts';
import { realServer } from '../../test/support/servers/real-server.ts';

const server = await realServer('the job queue on SQS', startElasticMq);

if (server !== undefined) {
  describe('the job queue on SQS', () => {
    after(() => server[Symbol.asyncDispose]());
    for (const kind of ['standard', 'fifo'] as const) {
      describe(kind, () => {
        jobQueueContract(() => openSqsQueue(server, kind));
        backlogContract(() => openSqsQueue(server, kind));
      });
    }
    brokerAwayContract(() => openSqsQueue(server, 'standard'));
  });
}
