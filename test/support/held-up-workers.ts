import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { BalancedClient } from './balanced-client.ts';
import { Cluster } from './cluster.ts';
import { doubleObjects } from './double-objects.ts';
import { eventually } from './eventually.ts';
import { photo } from './photo.ts';
import { isStale, SentJobs } from './sent-jobs.ts';
import type { PostgresEngines } from './service-engines.ts';

const patienceMs = 120_000;
export const leaseMs = 1_000;
/** About what a job takes, so many of them at once on two cores. */
const longestPauseMs = 200;
/** Enough that every worker has some. */
const leastJobs = 40;
const others = 'api,intake,deliveries,scheduler,sweeper';

interface HoldUp {
  readonly times: number;
  /** Half of them are held up at the same time, again and again: a job that only these took would fail in the end. */
  readonly workers: number;
  /** Does it to the process; resolves when it is over. */
  readonly hold: (pid: number) => Promise<void>;
  /** For all processes. */
  readonly env?: Record<string, string>;
}

/**
 * Holds up workers longer than their leases, each time in the middle of jobs; asserts that no result of theirs counts
 * and that nothing is made twice. Resolves to figures by their names.
 */
export async function holdUpWorkers(
  engines: PostgresEngines,
  { times, workers, hold, env = {} }: HoldUp,
): Promise<Record<string, number>> {
  const roles = [others, ...Array.from({ length: workers }, () => 'worker')];
  const settings = { LEASE_SECONDS: String(leaseMs / 1000), WORKER_CONCURRENCY: '1', LOG_LEVEL: 'fatal' };
  await using cluster = await Cluster.start({ ...engines.env, ...settings, ...env }, roles);
  const image = await photo(600, 400).jpeg().toBuffer();
  const outputs = [{ name: 'web', width: 600, format: 'webp' }];
  const sent = new SentJobs(new BalancedClient(() => cluster.urls), image, { outputs });
  const database = new pg.Pool({ connectionString: engines.databaseUrl });
  try {
    const over = new AbortController();
    const feeding = keepBusy(database, sent, over.signal);
    const turns = Array.from({ length: times }).values();
    const held = cluster.services.slice(-Math.ceil(workers / 2)).map(async ({ process: { pid = 0 } }) => {
      for (const _ of turns) {
        await isBusy(database, pid);
        await hold(pid);
      }
    });
    const holding = Promise.all(held).finally(() => over.abort());
    await Promise.all([holding, feeding]);
    return await figures(sent, engines.folder);
  } finally {
    await database.end();
  }
}

async function figures(sent: SentJobs, folder: string): Promise<Record<string, number>> {
  const ended = await sent.allComplete();
  const doubles = () => doubleObjects(folder);
  await eventually(async () => (await doubles()) === 0, 'leftovers are swept', patienceMs);
  const leasesLost = ended.flatMap(({ tries }) => tries.filter(({ result }) => result === 'lost')).length;
  assert.ok(leasesLost > 0, 'some were in the middle of jobs');
  return {
    'leases lost': leasesLost,
    'jobs accepted': sent.ids.length,
    complete: ended.length,
    'stale results accepted': ended.filter(isStale).length,
    double: await doubles(),
  };
}

/** Sends jobs as they are needed, until the signal aborts. */
async function keepBusy(database: pg.Pool, sent: SentJobs, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    const open = await database.query(`select from jobs where status in ('pending', 'processing')`);
    if ((open.rowCount ?? 0) < leastJobs) await sent.send(leastJobs / 2);
    else await setTimeout(50);
  }
}

/**
 * Resolves when the worker is somewhere in the middle of jobs: after it has made one, because it lost its renderers when
 * it was held up before, and would be met again and again where it starts them.
 */
async function isBusy(database: pg.Pool, pid: number): Promise<void> {
  const attempts = async (condition: string) => {
    const own = `select from attempts where worker like $1 and ${condition}`;
    return (await database.query(own, [`%/${pid}/%`])).rowCount ?? 0;
  };
  const made = await attempts("result = 'complete'");
  const hasMade = async () => (await attempts("result = 'complete'")) > made;
  await eventually(hasMade, 'the worker makes a job', patienceMs);
  await setTimeout(Math.random() * longestPauseMs);
  await eventually(async () => (await attempts('ended_at is null')) > 0, 'the worker has jobs', patienceMs);
}
