import { after, describe } from 'node:test';
import { backlogContract, brokerAwayContract } from '../../test/contracts/broker-queue.ts';
import { jobQueueContract } from '../../test/contracts/job-queue.ts';
import { openRedisQueue } from '../../test/support/queues/redis-queue.ts';
import { realServer } from '../../test/support/servers/real-server.ts';
import { startValkey } from '../../test/support/servers/valkey.ts';

const server = await realServer('the job queue on Redis', startValkey);

if (server !== undefined) {
  describe('the job queue on Redis', () => {
    after(() => server[Symbol.asyncDispose]());
    jobQueueContract(() => openRedisQueue(server));
    backlogContract(() => openRedisQueue(server));
    brokerAwayContract(() => openRedisQueue(server));
  });
}
