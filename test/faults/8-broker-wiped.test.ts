import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OpenBrokerQueue } from '../contracts/broker-queue.ts';
import { allTakenUp, refusedJob } from '../support/doorbell-jobs.ts';
import { eventually } from '../support/eventually.ts';
import { Pipeline } from '../support/pipeline.ts';
import { tintype } from '../support/program.ts';
import { openKafkaQueue } from '../support/queues/kafka-queue.ts';
import { openRedisQueue, redisUrl } from '../support/queues/redis-queue.ts';
import { openSqsQueue } from '../support/queues/sqs-queue.ts';
import { startElasticMq } from '../support/servers/elasticmq.ts';
import { startKafka } from '../support/servers/kafka.ts';
import { realServer } from '../support/servers/real-server.ts';
import type { RestartableServer } from '../support/servers/restartable-server.ts';
import { startValkey } from '../support/servers/valkey.ts';
import { embedded } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { fault } from './fault.ts';

/** From the wipe until every job is taken up. */
const withinMs = 60_000;
const mustShow = 'all are taken up in 60 s, and new jobs ring again';
const sizes = { inTests: { jobs: 100 }, full: { jobs: 5_000 } };

wiped('8 Redis', 'Redis FLUSHALL with jobs queued', startValkey, openRedisQueue);
wiped('8 SQS', 'the SQS queue purged with jobs queued', startElasticMq, server =>
  openSqsQueue(server, 'standard'),
);
wiped('8 Kafka', 'the Kafka topic deleted and made again with jobs queued', startKafka, openKafkaQueue);

/** With a worker at work, n jobs queued and n messages waiting, every message goes. */
function wiped(
  row: string,
  name: string,
  start: () => Promise<RestartableServer>,
  open: (server: RestartableServer) => Promise<OpenBrokerQueue>,
): void {
  fault({ row, fault: name, mustShow, ...sizes }, async ({ jobs }, report, t) => {
    const server = await realServer(name, start);
    if (server === undefined) return;
    t.after(() => server[Symbol.asyncDispose]());
    await using opened = await open(server);
    await using pipeline = await Pipeline.open({ openQueue: () => opened.open() });
    const queued = Array.from({ length: jobs }, () => pipeline.jobs.submit(refusedJob()));
    const ids = (await Promise.all(queued)).map(job => job.id);
    await eventually(async () => (await opened.backlog()) >= jobs, 'all have rung', withinMs);
    report('backlog', await opened.backlog());

    pipeline.startWorker();
    const [first = ''] = ids;
    await allTakenUp(pipeline, [first], withinMs);
    await opened.wipe();
    const wipedAt = Date.now();
    const taken = await allTakenUp(pipeline, ids, withinMs);
    const slowestMs = Math.max(...taken.map(job => (job.startedAt ?? 0) - wipedAt));
    assert.ok(slowestMs < withinMs);

    // In time the doorbell works again, and not by the poll alone.
    await eventually(
      async () => {
        const { id } = await pipeline.jobs.submit(refusedJob());
        const [job] = await allTakenUp(pipeline, [id], withinMs);
        return job !== undefined && (job.startedAt ?? 0) - job.submittedAt < 1_000;
      },
      'it rings again',
      withinMs,
    );
    report('jobs', jobs);
    report('lost', 0);
    report('seconds until all were taken up', Math.max(0, slowestMs) / 1000);
  });
}

test('refuses to start on a Redis that may drop keys', async t => {
  const server = await realServer('a Redis that drops keys', () =>
    startValkey({ maxmemoryPolicy: 'allkeys-lru' }),
  );
  if (server === undefined) return;
  t.after(() => server[Symbol.asyncDispose]());
  await using folder = await temporaryFolder();
  const env = { ...embedded(folder.path), JOB_QUEUE_URL: redisUrl(server) };
  const { code, stderr } = await tintype(['serve'], { env });
  assert.equal(code, 78, stderr);
  assert.match(stderr, /maxmemory-policy is 'allkeys-lru'; accepted: noeviction/);
});
