import assert from 'node:assert/strict';
import { allTakenUp, refusedJob } from '../support/doorbell-jobs.ts';
import { eventually } from '../support/eventually.ts';
import { Pipeline } from '../support/pipeline.ts';
import { openRedisQueue } from '../support/queues/redis-queue.ts';
import { realServer } from '../support/servers/real-server.ts';
import { startValkey } from '../support/servers/valkey.ts';
import { fault } from './fault.ts';

const withinMs = 30_000;

const row = {
  row: '4',
  fault: 'a crash between the commit of a job and the publish of its ring',
  mustShow: 'all reach a worker in 30 s',
  inTests: { jobs: 50 },
  full: { jobs: 500 },
};

fault(row, async ({ jobs }, report, t) => {
  const server = await realServer('a crash before the publish', startValkey);
  if (server === undefined) return;
  t.after(() => server[Symbol.asyncDispose]());
  await using opened = await openRedisQueue(server);
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
