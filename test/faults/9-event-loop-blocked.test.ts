import path from 'node:path';
import { after } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { holdUpWorkers, leaseMs } from '../support/held-up-workers.ts';
import { PostgresServer } from '../support/servers/postgres.ts';
import { realServer } from '../support/servers/real-server.ts';
import { onPostgres } from '../support/service-engines.ts';
import { fault } from './fault.ts';

const postgres = await realServer('event loops blocked past a lease', () => PostgresServer.start());
after(() => postgres?.[Symbol.asyncDispose]());
const blockedMs = 2 * leaseMs;
const blocker = pathToFileURL(path.resolve(import.meta.dirname, '../support/block-event-loop.ts'));

const row = {
  row: '9',
  fault: "workers' event loops blocked for two leases in the middle of jobs",
  mustShow: '0 double, 0 lost',
  inTests: { times: 4, workers: 3 },
  full: { times: 200, workers: 8 },
};

if (postgres !== undefined) {
  fault(row, async ({ times, workers }, report) => {
    await using engines = await onPostgres(postgres);
    const hold = async (pid: number) => {
      process.kill(pid, 'SIGUSR2');
      await setTimeout(blockedMs);
    };
    const env = { NODE_OPTIONS: `--import=${blocker.href}?ms=${blockedMs}` };
    const figures = await holdUpWorkers(engines, { times, workers, hold, env });
    report('times blocked', times);
    for (const [name, figure] of Object.entries(figures)) report(name, figure);
  });
}
