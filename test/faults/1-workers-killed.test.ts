import assert from 'node:assert/strict';
import { after } from 'node:test';
import { setTimeout } from 'node:timers/promises';
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
import { openJobs } from '../support/service-facts.ts';
import { fault, type Report } from './fault.ts';

/** For each thing that is waited for, on a slow machine. */
const patienceMs = 120_000;
/** Jobs are counted for each answer. */
const askEveryMs = 100;
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
    full: ['SQLite', 'Postgres'].includes(name) ? { jobs: 5_000, kills: 50 } : { jobs: 1_000, kills: 10 },
  };
  fault(row, async ({ jobs, kills }, report) => {
    await using engines = await open();
    if (engines === undefined) return;
    const env = { ...engines.env, LEASE_SECONDS: '2', LOG_LEVEL: 'fatal' };
    const everyRole = Array.from({ length: processes }, () => roles.join(','));
    await using cluster = await Cluster.start(env, everyRole);
    const sent = new SentJobs(
      new BalancedClient(() => cluster.urls),
      await photo(600, 400).jpeg().toBuffer(),
    );
    const started = performance.now();
    const sending = sent.send(jobs);
    await killAgainAndAgain(cluster, sent, { jobs, kills });
    await sending;
    report('kills', kills);
    await tell(report, sent, engines.folder);
    report('seconds', Math.round((performance.now() - started) / 1000));
  });
}

/** Each in its turn, and each time when a share of the jobs has ended. */
async function killAgainAndAgain(
  cluster: Cluster,
  sent: SentJobs,
  { jobs, kills }: { jobs: number; kills: number },
): Promise<void> {
  for (let kill = 1; kill <= kills; kill += 1) {
    // Not as they are accepted, which is quicker: the first in the queue would be lost at every kill.
    const enough = (jobs / (kills + 1)) * kill;
    const isEnough = async () => {
      await setTimeout(askEveryMs);
      return sent.ids.length - (await openJobs({ url: cluster.urls[0] ?? '' })) >= enough;
    };
    await eventually(isEnough, 'enough jobs have ended', patienceMs);
    await cluster.restart(kill % cluster.services.length, 'SIGKILL');
  }
}

async function tell(report: Report, sent: SentJobs, folder: string): Promise<void> {
  const ended = await sent.allComplete();
  const recovered = recoveryTimes(ended);
  const slowestMs = percentile(recovered, 0.99);
  report('jobs accepted', sent.ids.length);
  report('jobs of lost answers', sent.untold);
  report('complete', ended.length);
  report('jobs recovered', recovered.length);
  report('99 % recovered in seconds', Math.round(slowestMs) / 1000);
  assert.ok(recovered.length === 0 || slowestMs < recoveredMs, `99 % recovered in ${slowestMs} ms`);
  await eventually(async () => (await doubleObjects(folder)) === 0, 'leftovers are swept', patienceMs);
  report('double', await doubleObjects(folder));
}
