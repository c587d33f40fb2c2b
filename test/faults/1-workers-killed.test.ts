import assert from 'node:assert/strict';
import { after } from 'node:test';
import { roles } from '../../src/config/variables.ts';
import { BalancedClient } from '../support/balanced-client.ts';
import { Cluster } from '../support/cluster.ts';
import { doubleObjects } from '../support/double-objects.ts';
import { eventually } from '../support/eventually.ts';
import { percentile } from '../support/percentile.ts';
import { photo } from '../support/photo.ts';
import { recoveryTimes, SentJobs } from '../support/sent-jobs.ts';
import { PostgresServer } from '../support/servers/postgres.ts';
import { realServer } from '../support/servers/real-server.ts';
import { type ServiceKind, serviceKinds } from '../support/service-engines.ts';
import { fault } from './fault.ts';

/** For each thing that is waited for, on a slow machine. */
const patienceMs = 120_000;
const recoveredMs = 60_000;
const postgres = await realServer('services killed on Postgres', () => PostgresServer.start());
after(() => postgres?.[Symbol.asyncDispose]());

for (const kind of serviceKinds(postgres, 'services killed')) killed(kind);

function killed({ name, processes, open }: ServiceKind): void {
  const row = {
    row: name === 'SQLite' ? '1' : `1 ${name}`,
    fault: `${processes === 1 ? 'the service' : 'one of two services'} on ${name} killed with SIGKILL again and again in the middle of its jobs`,
    mustShow: "0 lost, 0 stuck, 0 double, every output's SHA-256 right; 99 % recovered in 60 s",
    inTests: name === 'SQLite' ? { jobs: 300, kills: 6 } : { jobs: 40, kills: 1 },
    full: { jobs: 5_000, kills: 50 },
  };
  fault(row, async ({ jobs, kills }, report) => {
    await using engines = await open();
    if (engines === undefined) return;
    const env = { ...engines.env, LEASE_SECONDS: '2', LOG_LEVEL: 'fatal' };
    await using cluster = await Cluster.start(
      env,
      Array.from({ length: processes }, () => everyRole),
    );
    const sent = new SentJobs(
      new BalancedClient(() => cluster.urls),
      await photo(1500, 1000).jpeg().toBuffer(),
    );

    const started = performance.now();
    const sending = sent.send(jobs);
    for (let kill = 1; kill <= kills; kill += 1) {
      await eventually(
        () => sent.ids.length >= (jobs / (kills + 1)) * kill,
        'enough jobs are in',
        patienceMs,
      );
      await cluster.restart(kill % processes, 'SIGKILL');
    }
    await sending;
    const ended = await sent.allComplete();
    const recovered = recoveryTimes(ended);
    const slowestMs = percentile(recovered, 0.99);
    assert.ok(recovered.length === 0 || slowestMs < recoveredMs, `99 % recovered in ${slowestMs} ms`);
    await eventually(
      async () => (await doubleObjects(engines.folder)) === 0,
      'leftovers are swept',
      patienceMs,
    );
    report('jobs', jobs);
    report('kills', kills);
    report('lost', 0);
    report('double', 0);
    report('jobs recovered', recovered.length);
    report('99 % recovered in seconds', slowestMs / 1000);
    report('seconds', Math.round((performance.now() - started) / 1000));
  });
}

const everyRole = roles.join(',');
