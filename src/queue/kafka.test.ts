import { after, describe } from 'node:test';
import { backlogContract, brokerAwayContract } from '../../test/contracts/broker-queue.ts';
import { jobQueueContract } from '../../test/contracts/job-queue.ts';
import { openKafkaQueue } from '../../test/support/queues/kafka-queue.ts';
import { startKafka } from '../../test/support/servers/kafka.ts';
import { realServer } from '../../test/support/servers/real-server.ts';

const server = await realServer('the job queue on Kafka', startKafka);

if (server !== undefined) {
  describe('the job queue on Kafka', () => {
    after(() => server[Symbol.asyncDispose]());
    jobQueueContract(() => openKafkaQueue(server));
    backlogContract(() => openKafkaQueue(server));
    brokerAwayContract(() => openKafkaQueue(server));
  });
}
