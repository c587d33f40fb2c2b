import assert from 'node:assert/strict';
import { after } from 'node:test';
import { BalancedClient } from '../support/balanced-client.ts';
import { Cluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { photo } from '../support/photo.ts';
import { SentJobs } from '../support/sent-jobs.ts';
import { PostgresServer } from '../support/servers/postgres.ts';
import { realServer } from '../support/servers/real-server.ts';
import { blackHole, Toxiproxy } from '../support/servers/toxiproxy.ts';
import { onPostgres } from '../support/service-engines.ts';
import { fault } from './fault.ts';

const patienceMs = 60_000;
/** With a notification it takes milliseconds. */
const promptMs = 1_000;
const what = 'a black-holed LISTEN connection';
const postgres = await realServer(what, () => PostgresServer.start());
const toxiproxy = await realServer(what, () => Toxiproxy.start());
after(async () => {
  await toxiproxy?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

const row = {
  row: '7',
  fault: 'the LISTEN connections black-holed: open, and nothing comes through',
  mustShow: 'pick-up within the poll interval (5 s), and at once again when it is over',
  inTests: { jobs: 2, withinMs: 15_000 },
  // Beside the interval, the time of a claim.
  full: { jobs: 20, withinMs: 5_500 },
};

if (postgres !== undefined && toxiproxy !== undefined) {
  fault(row, async ({ jobs, withinMs }, report) => {
    await using engines = await onPostgres(postgres);
    const proxy = await toxiproxy.inFrontOf(postgres.port);
    const direct = engines.databaseUrl.replace(`:${postgres.port}/`, `:${proxy.port}/`);
    const env = { ...engines.env, DATABASE_DIRECT_URL: direct, LOG_LEVEL: 'fatal' };
    await using cluster = await Cluster.start(env, ['api,intake,deliveries,scheduler,sweeper', 'worker']);
    const client = new BalancedClient(() => cluster.urls);
    const image = await photo(600, 400).jpeg().toBuffer();
    const pickUp = () => pickUpMs(new SentJobs(client, image));
    const prompt = async () => (await pickUp()) < promptMs;
    await eventually(prompt, 'a job is taken up at once', patienceMs);

    await proxy.poison(blackHole);
    const waitsMs: number[] = [];
    for (let job = 0; job < jobs; job += 1) waitsMs.push(await pickUp());
    const longestMs = Math.max(...waitsMs);
    report('jobs', jobs);
    report('longest wait for a worker in ms', longestMs);
    assert.ok(longestMs > promptMs, 'no notification came through');
    assert.ok(longestMs < withinMs, `${longestMs} ms`);

    await proxy.heal();
    const healed = performance.now();
    await eventually(prompt, 'a job is taken up at once again', patienceMs);
    report('seconds until notified again', Math.round((performance.now() - healed) / 100) / 10);
  });
}

/** Milliseconds from the submission of a job, while the workers have nothing to do, until one has it. */
async function pickUpMs(sent: SentJobs): Promise<number> {
  await sent.send(1);
  const [job] = await sent.allComplete();
  return Date.parse(job?.tries[0]?.start ?? '') - Date.parse(job?.start ?? '');
}
