import { after } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { holdUpWorkers, leaseMs } from '../support/held-up-workers.ts';
import { PostgresServer } from '../support/servers/postgres.ts';
import { realServer } from '../support/servers/real-server.ts';
import { sharedKinds } from '../support/service-engines.ts';
import { fault, isFullSize } from './fault.ts';

const postgres = await realServer('workers stopped past their leases', () => PostgresServer.start());
after(() => postgres?.[Symbol.asyncDispose]());

for (const { name, open } of sharedKinds(postgres, 'workers stopped past their leases')) {
  if (!isFullSize && !['Postgres', 'Kafka'].includes(name)) continue;
  const row = {
    row: name === 'Postgres' ? '2' : `2 ${name}`,
    fault: `workers on ${name} stopped (SIGSTOP) three leases long in the middle of jobs, then continued`,
    mustShow: '0 stale results accepted, 0 lost, 0 double',
    inTests: { stops: name === 'Postgres' ? 6 : 2, workers: 3 },
    full: { stops: name === 'Postgres' ? 200 : 50, workers: 8 },
  };
  fault(row, async ({ stops, workers }, report) => {
    await using engines = await open();
    if (engines === undefined) return;
    const hold = async (pid: number) => {
      process.kill(pid, 'SIGSTOP');
      await setTimeout(3 * leaseMs);
      process.kill(pid, 'SIGCONT');
    };
    const figures = await holdUpWorkers(engines, { times: stops, workers, hold });
    report('stops', stops);
    for (const [name, figure] of Object.entries(figures)) report(name, figure);
  });
}
