import assert from 'node:assert/strict';
import type { OpenBrokerQueue } from '../contracts/broker-queue.ts';
import { allTakenUp, refusedJob } from '../support/doorbell-jobs.ts';
import { eventually } from '../support/eventually.ts';
import { Pipeline } from '../support/pipeline.ts';
import { openKafkaQueue } from '../support/queues/kafka-queue.ts';
import { openRedisQueue } from '../support/queues/redis-queue.ts';
import { openSqsQueue } from '../support/queues/sqs-queue.ts';
import { startElasticMq } from '../support/servers/elasticmq.ts';
import { startKafka } from '../support/servers/kafka.ts';
import { realServer } from '../support/servers/real-server.ts';
import type { RestartableServer } from '../support/servers/restartable-server.ts';
import { startValkey } from '../support/servers/valkey.ts';
import { fault } from './fault.ts';

const withinMs = 30_000;

crashed('Redis', startValkey, openRedisQueue);
crashed('SQS', startElasticMq, server => openSqsQueue(server, 'standard'));
crashed('Kafka', startKafka, openKafkaQueue);

/** As the queue is told of jobs after their commit, a crash in between leaves jobs of which nobody was told. */
function crashed(
  name: string,
  start: () => Promise<RestartableServer>,
  open: (server: RestartableServer) => Promise<OpenBrokerQueue>,
): void {
  const row = {
    row: `4 ${name}`,
    fault: `a crash between the commit of a job and the publish of its ring on ${name}`,
    mustShow: 'all reach a worker in 30 s',
    inTests: { jobs: 50 },
    full: { jobs: 500 },
  };
  fault(row, async ({ jobs }, report, t) => {
    const server = await realServer(row.fault, start);
    if (server === undefined) return;
    t.after(() => server[Symbol.asyncDispose]());
    await using opened = await open(server);
    await using pipeline = await Pipeline.open({ openQueue: () => opened.open() });
    pipeline.startWorker();
    // The worker has found nothing and waits for a ring.
    const { id } = await pipeline.jobs.submit(refusedJob());
    await allTakenUp(pipeline, [id], withinMs);
    await eventually(async () => (await opened.backlog()) === 0, 'nothing rings');

    // Committed, and nobody lives to ring.
    const ids: string[] = [];
    for (let job = 0; job < jobs; job += 1) {
      ids.push((await pipeline.store.jobs.submit(refusedJob())).id);
    }
    const taken = await allTakenUp(pipeline, ids, withinMs);
    const slowestMs = Math.max(...taken.map(job => (job.startedAt ?? 0) - job.submittedAt));
    assert.ok(slowestMs < withinMs);
    report('jobs', jobs);
    report('lost', 0);
    report('slowest in seconds', slowestMs / 1000);
  });
}
