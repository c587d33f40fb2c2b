import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import type { OpenJobStore } from '../../src/job-store/open-job-store.ts';
import { newSigningSecret } from '../../src/secrets/signing-secret.ts';
import { eventually } from '../support/eventually.ts';
import { startRelay, testSecrets } from '../support/relaying.ts';
import { openTestSqlite } from '../support/sqlite-file.ts';
import { newEndpoint } from '../support/stored-deliveries.ts';
import { endJob, endJobs } from '../support/told-jobs.ts';
import { startReceiver, verified } from '../support/webhook-receiver.ts';
import { fault } from './fault.ts';

const patienceMs = 600_000;
/** Instead of 5 s to 24 h: the away time is some waits long, and nothing is given up however slow the machine is. */
const schedule = [1, 2, 4, 8, 16, 30, ...Array<number>(40).fill(60)].map(seconds => seconds * 1_000);

const row = {
  row: '36',
  fault: 'a webhook receiver that is busy, then away; one that is gone; one that redirects',
  mustShow:
    'all are delivered, under the same id and body, with a valid fresh signature; 410 switches off; no redirect is followed',
  inTests: { deliveries: 200, awayMs: 3_000 },
  full: { deliveries: 10_000, awayMs: 60_000 },
};

fault(row, async ({ deliveries, awayMs }, report) => {
  await using database = await openTestSqlite();
  const { store } = database;
  await using _relay = startRelay(store, { schedule });
  const secret = newSigningSecret();
  const sealed = testSecrets.seal(secret);

  const busy = await startReceiver(response => response.writeHead(503).end());
  const hook = { url: `${busy.url}/hook`, secret: sealed };
  await endJobs(store, deliveries / 2, [hook]);
  await busy.received(100, patienceMs);
  await busy[Symbol.asyncDispose]();
  await endJobs(store, deliveries / 2, [hook]);
  await setTimeout(awayMs);
  const ids = new Set(await idsOf(store));
  assert.equal((await store.deliveries.backlog()).pending, deliveries, 'none is lost or given up');
  assert.equal(ids.size, deliveries);

  const back = { at: Math.floor(Date.now() / 1000), by: performance.now() };
  await using receiver = await startReceiver(undefined, busy.port);
  await eventually(async () => (await store.deliveries.backlog()).pending === 0, 'all ended', patienceMs);
  report('seconds until all were told', Math.round((performance.now() - back.by) / 1000));
  const bodies = new Map(busy.calls.map(({ id, body }) => [id, body]));
  for (const call of receiver.calls) {
    verified(call, secret);
    assert.ok(Number(call.headers['webhook-timestamp']) >= back.at, 'signed afresh');
    assert.equal(call.body, bodies.get(call.id) ?? call.body, 'same id, same body');
    bodies.set(call.id, call.body);
  }
  const told = new Set(receiver.calls.map(({ id }) => id));
  assert.deepEqual(told, ids);
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

/** Of all deliveries. */
async function idsOf({ deliveryLog }: OpenJobStore): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await deliveryLog.list({}, { limit: 200, ...(cursor !== undefined && { cursor }) });
    ids.push(...page.deliveries.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return ids;
}
