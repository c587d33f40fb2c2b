import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after } from 'node:test';
import { roles } from '../../src/config/variables.ts';
import { type AttemptRows, openAttemptRows } from '../support/attempt-rows.ts';
import { BalancedClient } from '../support/balanced-client.ts';
import { Cluster } from '../support/cluster.ts';
import { EventReader } from '../support/event-stream.ts';
import { eventually } from '../support/eventually.ts';
import { photo } from '../support/photo.ts';
import { SentJobs } from '../support/sent-jobs.ts';
import { PostgresServer } from '../support/servers/postgres.ts';
import { realServer } from '../support/servers/real-server.ts';
import { type ServiceKind, serviceKinds } from '../support/service-engines.ts';
import { fault, isFullSize } from './fault.ts';

const patienceMs = 120_000;
const goneMs = 30_000;
const postgres = await realServer('services on Postgres that are told to stop', () => PostgresServer.start());
after(() => postgres?.[Symbol.asyncDispose]());

for (const kind of serviceKinds(postgres, 'services that are told to stop')) {
  if (isFullSize || ['SQLite', 'Postgres'].includes(kind.name)) toldToStop(kind);
}

function toldToStop({ name, processes, open }: ServiceKind): void {
  const row = {
    row: name === 'SQLite' ? '3' : `3 ${name}`,
    fault: `SIGTERM to ${processes === 1 ? 'the service' : 'one of two services'} on ${name} under load, with an event stream${name === 'SQLite' ? ' and a slow upload' : ''} open`,
    mustShow: 'gone in 30 s; what it had not finished is claimable 5 s after the signal; 0 lost',
    // A busy machine takes longer, but never as long as a lease.
    inTests: { signals: 1, claimableMs: 20_000 },
    full: { signals: ['SQLite', 'Postgres'].includes(name) ? 20 : 3, claimableMs: 5_000 },
  };
  fault(row, async ({ signals, claimableMs }, report) => {
    await using engines = await open();
    if (engines === undefined) return;
    const env = { ...engines.env, LEASE_SECONDS: '30', WORKER_CONCURRENCY: '2', LOG_LEVEL: 'fatal' };
    await using cluster = await Cluster.start(
      env,
      Array.from({ length: processes }, () => roles.join(',')),
    );
    await using rows = openAttemptRows(engines.env.DATABASE_URL ?? '');
    const client = new BalancedClient(() => cluster.urls);
    // Longer than a service has to stop.
    const outputs = [{ name: 'long', format: 'avif', quality: 90 }];
    const long = new SentJobs(client, await photo(4_000, 3_000).jpeg().toBuffer(), {
      outputs,
      priority: 'interactive',
    });
    const over = new AbortController();
    const sent = new SentJobs(client, await photo(600, 400).jpeg().toBuffer());
    const sending = sent.sendUntil(over.signal, 500);

    const goneAfter: number[] = [];
    const claimableAfter: number[] = [];
    let givenBack = 0;
    for (let signal = 0; signal < signals; signal += 1) {
      const index = signal % processes;
      const { process, url } = cluster.services[index] as (typeof cluster.services)[number];
      await long.send(2 * processes);
      await eventually(() => hasOneOf(rows, process.pid, long.ids), 'it makes a long job', patienceMs);
      // Which engine there is makes no difference to it, and it takes ten seconds.
      using _upload = name === 'SQLite' ? slowUpload(url) : undefined;
      await using _events = await EventReader.open(`${url}/events`);
      const toldAt = Date.now();
      await cluster.services[index]?.end('SIGTERM');
      goneAfter.push(Date.now() - toldAt);
      const attempts = await rows.ofProcess(process.pid);
      const unfinished = attempts.filter(({ result }) => result !== 'complete');
      assert.deepEqual([...new Set(unfinished.map(({ result }) => result))], ['requeued']);
      givenBack += unfinished.length;
      claimableAfter.push(...unfinished.map(({ ended_at }) => (ended_at ?? 0) - toldAt));
      assert.equal(process.exitCode, 0);
      await cluster.startAgain(index);
    }
    over.abort();
    await sending;
    for (const id of long.ids) await client.request(`/jobs/${id}`, () => ({ method: 'DELETE' }));
    await sent.allComplete();
    const longest = { gone: Math.max(...goneAfter), claimable: Math.max(...claimableAfter) };
    report('signals', signals);
    report('jobs', sent.ids.length);
    report('gone after at most ms', longest.gone);
    report('given back', givenBack);
    report('claimable after at most ms', longest.claimable);
    report('lost', 0);
    assert.ok(longest.gone <= goneMs, `it was gone after ${longest.gone} ms`);
    assert.ok(longest.claimable <= claimableMs, `a job was given back after ${longest.claimable} ms`);
  });
}

async function hasOneOf(
  rows: AttemptRows,
  pid: number | undefined,
  ids: readonly string[],
): Promise<boolean> {
  const attempts = await rows.ofProcess(pid);
  return attempts.some(({ job_id, ended_at }) => ended_at === null && ids.includes(job_id));
}

/** Twice as fast as the least rate, so that it may take as long as it likes. */
function slowUpload(url: string): Disposable {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  socket.write(
    'POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 10000000\r\n\r\n' +
      '--b\r\nContent-Disposition: form-data; name="image"; filename="slow.jpg"\r\n\r\n\xff\xd8\xff',
  );
  const timer = setInterval(() => socket.write('x'.repeat(2_048)), 1_000);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      socket.destroy();
    },
  };
}
