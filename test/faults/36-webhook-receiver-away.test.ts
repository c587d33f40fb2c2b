import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { newSigningSecret } from '../../src/secrets/signing-secret.ts';
import { eventually } from '../support/eventually.ts';
import { startRelay, testSecrets } from '../support/relaying.ts';
import { openTestSqlite } from '../support/sqlite-file.ts';
import { newEndpoint } from '../support/stored-deliveries.ts';
import { endJob, endJobs } from '../support/told-jobs.ts';
import { startReceiver, verified } from '../support/webhook-receiver.ts';
import { fault } from './fault.ts';

const patienceMs = 240_000;
const row = {
  row: '36',
  fault: 'a webhook receiver that is busy, then away; one that is gone; one that redirects',
  mustShow:
    'all are delivered, under the same id and body, with a valid fresh signature; 410 switches off; no redirect is followed',
  // Instead of 5 s to 24 h: each wait is long enough for all to be tried once meanwhile.
  inTests: { deliveries: 200, awayMs: 3_000, schedule: [1, 2, 4, 8, 16, 32].map(seconds) },
  full: { deliveries: 10_000, awayMs: 60_000, schedule: [30, 60, 60, 60, 60, 60].map(seconds) },
};

fault(row, async ({ deliveries, awayMs, schedule }, report) => {
  await using database = await openTestSqlite();
  const { store } = database;
  await using _relay = startRelay(store, { schedule });
  const secret = newSigningSecret();
  const sealed = testSecrets.seal(secret);

  const first = new Map<string, string>();
  const busy = await startReceiver((response, { id, body }) => {
    first.set(id, body);
    response.writeHead(503).end();
  });
  await endJobs(store, deliveries, [{ url: `${busy.url}/hook`, secret: sealed }]);
  await eventually(() => first.size === deliveries, 'each was tried once', patienceMs);
  await busy[Symbol.asyncDispose]();
  await setTimeout(awayMs);
  assert.equal((await store.deliveries.backlog()).pending, deliveries, 'none is lost or given up');

  const back = { at: Math.floor(Date.now() / 1000), by: performance.now() };
  const told = new Set<string>();
  await using receiver = await startReceiver((response, call) => {
    told.add(call.id);
    response.writeHead(204).end();
  }, busy.port);
  await eventually(async () => (await store.deliveries.backlog()).pending === 0, 'all ended', patienceMs);
  report('seconds until all were told', Math.round((performance.now() - back.by) / 1000));
  for (const call of receiver.calls) {
    verified(call, secret);
    assert.ok(Number(call.headers['webhook-timestamp']) >= back.at, 'signed afresh');
    assert.equal(call.body, first.get(call.id), 'same id, same body');
  }
  assert.deepEqual([told.size, first.size], [deliveries, deliveries]);
  assert.deepEqual((await store.deliveryLog.list({ status: 'failed' }, { limit: 1 })).deliveries, []);
  report('deliveries', deliveries);
  report('delivered', told.size);
  report('told twice', receiver.calls.length - told.size);

  await using gone = await startReceiver(response => response.writeHead(410).end());
  const { id } = await store.endpoints.create(newEndpoint({ url: gone.url, secret: sealed }));
  await endJob(store);
  const switchedOff = async () => (await store.endpoints.get(id))?.enabled === false;
  await eventually(switchedOff, '410 switches off', patienceMs);
  await endJob(store);

  await using elsewhere = await startReceiver();
  await using redirecting = await startReceiver(response =>
    response.writeHead(307, { location: elsewhere.url }).end(),
  );
  await endJob(store, [{ url: redirecting.url }]);
  await redirecting.received(2, patienceMs);
  assert.deepEqual([gone.calls.length, elsewhere.connections], [1, 0]);
  report('redirects followed', elsewhere.connections);
});

function seconds(count: number): number {
  return count * 1_000;
}
