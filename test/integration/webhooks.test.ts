import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newSigningSecret } from '../../src/secrets/signing-secret.ts';
import { eventually } from '../support/eventually.ts';
import { startRelay, testSecrets } from '../support/relaying.ts';
import { newEndpoint } from '../support/stored-deliveries.ts';
import { completeJob, found } from '../support/stored-jobs.ts';
import { startReceiver, verified } from '../support/webhook-receiver.ts';
import { endpointAt, hook, hookSecret, openSetting } from '../support/webhook-setting.ts';

test('a signed webhook tells of the end of a job, once', async () => {
  await using set = await openSetting();
  await using receiver = await startReceiver();
  const job = await completeJob(set.store, hook(receiver.url));
  const delivery = await set.ended();
  const [call] = await receiver.received(1);
  const { type, data } = verified(found(call), hookSecret);
  assert.deepEqual([type, data.id, data.status], ['job.complete', job.id, 'complete']);
  assert.equal(found(call).headers['content-type'], 'application/json');
  assert.equal(found(call).headers['user-agent'], 'Tintype');
  assert.deepEqual([delivery.id, delivery.status], [found(call).id, 'delivered']);
  assert.deepEqual(delivery.tries.length, 1);
  assert.equal(delivery.tries[0]?.status, 204);
  assert.equal(receiver.calls.length, 1);
});

test('a hook without secret carries no signature', async () => {
  await using set = await openSetting();
  await using receiver = await startReceiver();
  await completeJob(set.store, { webhooks: [{ url: receiver.url }] });
  const [call] = await receiver.received(1);
  assert.match(found(call).headers['webhook-timestamp'] as string, /^\d{10}$/);
  assert.equal(found(call).headers['webhook-signature'], undefined);
});

test('a receiver that fails is told again: same id, same body, and a signature of its own time', async () => {
  await using set = await openSetting();
  await using receiver = await startReceiver((response, _, calls) =>
    response.writeHead(calls < 3 ? 500 : 200).end('thanks'),
  );
  await completeJob(set.store, hook(receiver.url));
  const delivery = await set.ended();
  assert.equal(delivery.status, 'delivered');
  assert.deepEqual(
    delivery.tries.map(({ status, error }) => [status, error]),
    [
      [500, 'HTTP 500.'],
      [500, 'HTTP 500.'],
      [200, undefined],
    ],
  );
  for (const call of receiver.calls) verified(call, hookSecret);
  assert.equal(new Set(receiver.calls.map(({ id, body }) => id + body)).size, 1);
});

test('a delivery is given up when its schedule is over, and can be told again', async () => {
  await using set = await openSetting();
  let well = false;
  await using receiver = await startReceiver(response => response.writeHead(well ? 200 : 500).end());
  await completeJob(set.store, hook(receiver.url));
  const failed = await set.ended();
  assert.deepEqual([failed.status, failed.tries.length], ['failed', 5]);
  well = true;
  await set.store.deliveryLog.replay(failed.id);
  const told = await set.ended();
  assert.deepEqual([told.id, told.status, told.tries.length], [failed.id, 'delivered', 6]);
  assert.equal(new Set(receiver.calls.map(({ id, body }) => id + body)).size, 1);
});

test('redirects are failures and are not followed', async () => {
  await using set = await openSetting({ schedule: [] });
  await using target = await startReceiver();
  for (const status of [301, 302, 303, 307, 308]) {
    await using receiver = await startReceiver(response =>
      response.writeHead(status, { location: target.url }).end(),
    );
    await completeJob(set.store, hook(receiver.url));
    const delivery = await set.ended();
    assert.equal(delivery.status, 'failed');
    assert.match(delivery.tries[0]?.error ?? '', /redirect/);
  }
  assert.equal(target.connections, 0);
});

test('410 ends a delivery at once and switches an endpoint off, a PATCH’s change on again', async () => {
  await using set = await openSetting();
  await using receiver = await startReceiver(response => response.writeHead(410).end());
  const { id } = await set.store.endpoints.create(newEndpoint(endpointAt(receiver.url)));
  await completeJob(set.store, hook(`${receiver.url}/job`));
  await eventually(async () => (await set.count('failed')) === 2, 'both are given up');
  assert.equal((await set.store.endpoints.get(id))?.enabled, false);
  await completeJob(set.store);
  assert.equal(receiver.calls.length, 2);
  await set.store.endpoints.change(id, { enabled: true });
  await completeJob(set.store);
  await receiver.received(3);
});

test('an endpoint that is switched off is not called, and is when it is on again', async () => {
  await using set = await openSetting({ schedule: Array(100).fill(50) });
  let well = false;
  await using receiver = await startReceiver(response => response.writeHead(well ? 200 : 500).end());
  const { id } = await set.store.endpoints.create(newEndpoint(endpointAt(receiver.url)));
  await completeJob(set.store);
  await receiver.received(1);
  await set.store.endpoints.change(id, { enabled: false });
  const off = async () => (await set.newest())?.tries.some(({ error }) => /switched off/.test(error ?? ''));
  await eventually(off, 'a try finds it off');
  const before = receiver.calls.length;
  well = true;
  await set.store.endpoints.change(id, { enabled: true });
  assert.equal((await set.ended()).status, 'delivered');
  assert.equal(receiver.calls.length, before + 1);
});

test('Retry-After is waited for', async () => {
  await using set = await openSetting();
  await using receiver = await startReceiver((response, _, calls) => {
    if (calls > 1) response.writeHead(204).end();
    else response.writeHead(503, { 'retry-after': '1' }).end();
  });
  await completeJob(set.store, hook(receiver.url));
  assert.equal((await set.ended()).status, 'delivered');
  const [first, second] = receiver.calls;
  assert.ok(found(second).at - found(first).at >= 1_000);
});

test('after a rotation both secrets verify, and later only the new one', async () => {
  await using set = await openSetting();
  await using receiver = await startReceiver();
  const { id } = await set.store.endpoints.create(newEndpoint(endpointAt(receiver.url)));
  const next = newSigningSecret();
  await set.store.endpoints.rotate(id, testSecrets.seal(next), 60_000);
  await completeJob(set.store);
  const [call] = await receiver.received(1);
  for (const each of [hookSecret, next]) verified(found(call), each);
  const newest = newSigningSecret();
  await set.store.endpoints.rotate(id, testSecrets.seal(newest), -1);
  await completeJob(set.store);
  const [, later] = await receiver.received(2);
  verified(found(later), newest);
  assert.throws(() => verified(found(later), next));
});

test('an answer that never ends, or is long, is still an answer', async () => {
  await using set = await openSetting();
  await using receiver = await startReceiver(response => {
    response.writeHead(200);
    response.write(Buffer.alloc(100_000));
  });
  await completeJob(set.store, hook(receiver.url));
  assert.equal((await set.ended()).status, 'delivered');
});

test('what can not be reached or resolved, or answers in no HTTP, is told so', async () => {
  await using set = await openSetting({ schedule: [] });
  for (const [url, error] of [
    ['http://127.0.0.1:1/', /Port 1 /],
    ['http://nowhere.invalid/', /resolved/],
    ['http://10.0.0.1/', /may not be reached/],
  ] as const) {
    await completeJob(set.store, hook(url));
    const delivery = await set.ended();
    assert.equal(delivery.status, 'failed');
    assert.match(delivery.tries[0]?.error ?? '', error);
  }
});

test('a relay that stops breaks a slow try off, and the next one makes it again', async () => {
  await using set = await openSetting();
  await using receiver = await startReceiver((response, _, calls) => {
    if (calls > 1) response.writeHead(204).end();
  });
  await completeJob(set.store, hook(receiver.url));
  await receiver.received(1);
  await set.relay.stop();
  assert.match((await set.newest())?.tries[0]?.error ?? '', /stopped/);
  await using _next = startRelay(set.store);
  assert.equal((await set.ended()).status, 'delivered');
  assert.equal(new Set(receiver.calls.map(({ id, body }) => id + body)).size, 1);
});

test('two relays on one store tell each thing once', async () => {
  await using set = await openSetting();
  await using _other = startRelay(await set.database.again());
  await using receiver = await startReceiver();
  for (let i = 0; i < 40; i += 1) await completeJob(set.store, hook(receiver.url));
  await eventually(async () => (await set.count('delivered')) === 40, 'all are delivered');
  assert.equal(new Set(receiver.calls.map(({ id }) => id)).size, 40);
  assert.equal(receiver.calls.length, 40);
});
