import assert from 'node:assert/strict';
import { after } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { BalancedClient } from '../support/balanced-client.ts';
import { Cluster } from '../support/cluster.ts';
import { photo } from '../support/photo.ts';
import { type SeenJob, SentJobs } from '../support/sent-jobs.ts';
import { wrongClock } from '../support/servers/libfaketime.ts';
import { PostgresServer } from '../support/servers/postgres.ts';
import { realServer } from '../support/servers/real-server.ts';
import { onPostgres } from '../support/service-engines.ts';
import { fault } from './fault.ts';

const what = 'workers whose clocks are wrong';
const offsets = ['+5m', '-5m'];
const clocks = await realServer(what, () => Promise.all(offsets.map(wrongClock)));
const postgres = await realServer(what, () => PostgresServer.start());
after(() => postgres?.[Symbol.asyncDispose]());

/** Far less than the clocks are off; the sweepers look for lost leases every 5 s. */
const leaseSeconds = 30;

const row = {
  row: '10',
  fault: 'clocks of workers and sweepers 5 minutes fast, 5 minutes slow, and right',
  mustShow: '0 early steals, 0 early starts',
  inTests: { seconds: 7, delayed: 5 },
  full: { seconds: 90, delayed: 100 },
};

if (postgres !== undefined && clocks !== undefined) {
  fault(row, async ({ seconds, delayed }, report) => {
    await using engines = await onPostgres(postgres);
    const env = {
      ...engines.env,
      LEASE_SECONDS: String(leaseSeconds),
      WORKER_CONCURRENCY: '1',
      LOG_LEVEL: 'fatal',
    };
    await using api = await Cluster.start(env, ['api,intake,deliveries,scheduler']);
    await using _right = await Cluster.start(env, ['worker,sweeper']);
    const [fast, slow] = clocks;
    await using _fast = await Cluster.start({ ...env, ...fast }, ['worker,sweeper']);
    await using _slow = await Cluster.start({ ...env, ...slow }, ['worker,sweeper']);
    const client = new BalancedClient(() => api.urls);
    const image = await photo(600, 400).jpeg().toBuffer();

    const over = new AbortController();
    const sent = new SentJobs(client, image);
    const sending = sent.sendUntil(over.signal, 200);
    const notBefore = new Date(Date.now() + (seconds * 1000) / 2).toISOString();
    const later = new SentJobs(client, image, { notBefore });
    await later.send(delayed);
    await setTimeout(seconds * 1000);
    over.abort();
    await sending;

    const ended = [...(await sent.allComplete()), ...(await later.allComplete())];
    const stolen = ended.filter(({ tries }) => tries.length > 1);
    assert.deepEqual(stolen, [], 'no lease was lost');
    const early = ended.slice(-delayed).filter(job => (job.tries[0]?.start ?? '') < notBefore);
    assert.deepEqual(early, [], 'none began before its time');
    const shares = await sharesOf(engines.databaseUrl);
    assert.equal(shares.length, 3, 'each worker had a share');
    report('jobs', ended.length);
    report('fewest and most of a worker', shares.toSorted((a, b) => a - b).join(' and '));
    report('early steals', 0);
    report('early starts', 0);
    report('longest after its time in ms', latest(ended.slice(-delayed), notBefore));
  });
}

function latest(jobs: readonly SeenJob[], notBefore: string): number {
  return Math.max(...jobs.map(({ tries }) => Date.parse(tries[0]?.start ?? '') - Date.parse(notBefore)));
}

/** How many attempts each worker has made. */
async function sharesOf(databaseUrl: string): Promise<number[]> {
  const database = new pg.Client({ connectionString: databaseUrl });
  await database.connect();
  const { rows } = await database.query('select count(*)::int as made from attempts group by worker');
  await database.end();
  return rows.map(({ made }) => made as number);
}
