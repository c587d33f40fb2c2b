import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import pg from 'pg';
import { BalancedClient } from '../support/balanced-client.ts';
import { Cluster, Engines } from '../support/cluster.ts';
import { assertMade, type Job, jobForm, load, type Submitted, submitted } from '../support/coloured-jobs.ts';
import { EventFollower } from '../support/event-follower.ts';
import { EventReader } from '../support/event-stream.ts';
import { eventually } from '../support/eventually.ts';
import { realServer } from '../support/servers/real-server.ts';

const patienceMs = 120_000;
const api = 'api,deliveries,scheduler';
const worker = 'worker,sweeper';
const engines = await realServer('two API and four worker processes', () => Engines.start());

if (engines !== undefined) {
  describe('two API and four worker processes on one Postgres, one Redis and one bucket', async () => {
    const env = { ...engines.environment, LEASE_SECONDS: '5', WORKER_CONCURRENCY: '1', LOG_LEVEL: 'fatal' };
    const cluster = await Cluster.start(env, [api, api, worker, worker, worker, worker]);
    after(async () => {
      await cluster[Symbol.asyncDispose]();
      await engines[Symbol.asyncDispose]();
    });

    it('make each job once, and every API tells the same of it', async () => {
      const client = new BalancedClient(() => cluster.urls);
      const [one = '', other = ''] = cluster.urls;
      await using first = await EventFollower.start(() => one);
      await using second = await EventFollower.start(() => other);
      const jobs = await submitted(client, 120);
      assert.equal(new Set(jobs.map(({ id }) => id)).size, 120);
      await eventually(
        () => first.complete.length >= 120 && second.complete.length >= 120,
        'all',
        patienceMs,
      );
      assert.deepEqual(first.complete.toSorted(), jobs.map(({ id }) => id).toSorted());
      assert.deepEqual(first.events, second.events);

      for (const job of jobs) await assertMade(client, job);
      const [{ id } = { id: '' }] = jobs;
      const views = await Promise.all(
        [one, other].map(async url => (await fetch(`${url}/jobs/${id}`)).text()),
      );
      assert.equal(views[0], views[1]);
      await using reader = await EventReader.open(`${other}/jobs/${id}/events`, '0');
      const told = await reader.take(10);
      assert.deepEqual(
        told.map(({ data }) => data.status),
        ['pending', 'processing', 'complete'],
      );
      assert.deepEqual([...client.statuses.keys()].sort(), [200, 202]);
      assert.ok((await workersOf(jobs)).size > 1, 'several workers had a share');
    });

    it('cancel at one API what was submitted at the other', async () => {
      const [one = '', other = ''] = cluster.urls;
      const body = jobForm(0, { notBefore: new Date(Date.now() + 3_600_000).toISOString() });
      const answer = await fetch(`${one}/jobs`, { method: 'POST', body });
      const { id } = (await answer.json()) as Job;
      await using reader = await EventReader.open(`${one}/jobs/${id}/events`);
      assert.equal((await reader.next())?.data.status, 'pending');
      assert.equal((await fetch(`${other}/jobs/${id}`, { method: 'DELETE' })).status, 200);
      assert.equal((await reader.next())?.data.status, 'cancelled');
    });

    it('are restarted one after the other under load, of which no client sees more than a broken connection', async t => {
      const client = new BalancedClient(() => cluster.urls);
      await using follower = await EventFollower.start(() => client.next());
      const isOver = new AbortController();
      const loading = load(client, isOver.signal);
      await cluster.restartEach();
      isOver.abort();
      const jobs = await loading;
      await eventually(() => follower.complete.length >= jobs.length, 'all are complete', patienceMs);
      t.diagnostic(`${jobs.length} jobs, ${client.unanswered} requests without an answer`);
      // Sent again where the connection broke, and still one job each.
      assert.deepEqual(follower.complete.toSorted(), jobs.map(({ id }) => id).toSorted());
      const positions = follower.events.map(({ position }) => position);
      assert.deepEqual(
        positions,
        [...new Set(positions)].sort((a, b) => a - b),
      );
      assert.deepEqual(
        [...client.statuses.keys()].filter(status => status !== 200 && status !== 202),
        [],
      );
    });

    const { postgres, redis, s3 } = engines;
    for (const { engine, name, part, code, words } of [
      {
        engine: postgres,
        name: 'Postgres',
        part: 'jobStore',
        code: 503,
        words: /job store is not available/,
      },
      { engine: redis, name: 'Redis', part: 'jobQueue', code: 200, words: /Redis does not answer/ },
      {
        engine: s3.server,
        name: 'S3',
        part: 'objectStore',
        code: 503,
        words: /object store can’t be reached/,
      },
    ]) {
      it(`say that ${name} is away, and go on by themselves when it is back`, async () => {
        const client = new BalancedClient(() => cluster.urls);
        await using follower = await EventFollower.start(() => client.next());
        const jobs = await submitted(client, 24);
        await engine.end(engine === postgres ? 'SIGQUIT' : 'SIGKILL');
        for (const url of cluster.urls) {
          await eventually(async () => (await readiness(url)).parts[part] !== null, 'it says so', patienceMs);
          const { status, parts } = await readiness(url);
          assert.equal(status, code);
          assert.match(parts[part] ?? '', words);
          const others = Object.entries(parts).filter(([other]) => other !== part);
          assert.deepEqual([...new Set(others.map(([, fault]) => fault))], [null]);
        }
        await engine.startAgain();
        await allReady(cluster);
        jobs.push(...(await submitted(client, 8)));
        await eventually(() => follower.complete.length >= jobs.length, 'all are complete', patienceMs);
        for (const job of jobs) await assertMade(client, job);
      });
    }

    it('say so of engines that hang, too, and do not hang themselves', async () => {
      for (const hanging of [redis, s3.server]) hanging.pause();
      const [url = ''] = cluster.urls;
      await eventually(
        async () => (await readiness(url)).parts.objectStore !== null,
        'it says so',
        patienceMs,
      );
      const asked = performance.now();
      const { parts } = await readiness(url);
      assert.ok(performance.now() - asked < 15_000);
      assert.equal(parts.jobStore, null);
      assert.match(parts.jobQueue ?? '', /Redis does not answer/);
      assert.match(parts.objectStore ?? '', /does not answer in 5 s/);
      for (const hanging of [redis, s3.server]) hanging.resume();
      await allReady(cluster);
    });
  });
}

const allIsWell = '{"status":"ok","parts":{"jobStore":null,"objectStore":null,"jobQueue":null}}';

async function allReady({ urls }: Cluster): Promise<void> {
  for (const url of urls) {
    await eventually(async () => (await readiness(url)).body === allIsWell, `${url} is ready`, patienceMs);
  }
}

async function readiness(url: string) {
  const answer = await fetch(`${url}/health/ready`);
  const body = await answer.text();
  const { parts } = JSON.parse(body) as { parts: Record<string, string | null> };
  return { status: answer.status, body, parts };
}

/** The names of the workers that have made them. */
async function workersOf(jobs: readonly Submitted[]): Promise<Set<string>> {
  const database = new pg.Client({ connectionString: engines?.databaseUrl });
  await database.connect();
  const ids = jobs.map(({ id }) => id);
  const { rows } = await database.query('select worker from attempts where job_id = any($1)', [ids]);
  await database.end();
  assert.equal(rows.length, jobs.length, 'one attempt each');
  return new Set(rows.map(row => row.worker as string));
}
