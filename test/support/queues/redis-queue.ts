import { BrokerQueue } from '../../../src/queue/broker-queue.ts';
import { RedisBroker } from '../../../src/queue/redis.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import type { OpenBrokerQueue } from '../../contracts/broker-queue.ts';
import type { RestartableServer } from '../servers/restartable-server.ts';
import { valkeyCommand } from '../servers/valkey.ts';

/** A queue in an empty Redis. */
export async function openRedisQueue(server: RestartableServer): Promise<OpenBrokerQueue> {
  await valkeyCommand(server.port, 'FLUSHALL');
  const queues: BrokerQueue[] = [];
  return {
    server,
    async open() {
      const broker = new RedisBroker(redisUrl(server));
      const queue = await BrokerQueue.open(broker, createLogger('silent'));
      queues.push(queue);
      return queue;
    },
    submit: async (queue, jobs) => queue.ring(jobs),
    backlog: () => redisBacklog(server),
    wipe: async () => void (await valkeyCommand(server.port, 'FLUSHALL')),
    async [Symbol.asyncDispose]() {
      await Promise.all(queues.map(queue => queue.close()));
    },
  };
}

export function redisUrl({ port }: Pick<RestartableServer, 'port'>): string {
  return `redis://127.0.0.1:${port}`;
}

export async function redisBacklog({ port }: RestartableServer): Promise<number> {
  return Number((await valkeyCommand(port, 'LLEN bull:tintype:wait')).replace(':', ''));
}
