import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DeliveryTry } from '../../src/jobs/delivery-store.ts';
import { eventually } from '../support/eventually.ts';
import { claimDeliveries, claimWebhooks, newEndpoint } from '../support/stored-deliveries.ts';
import {
  claimOne,
  completed,
  completeJob,
  failed,
  found,
  leasesExpire,
  newJob,
  type OpenDatabaseForTest,
  ref,
  requeued,
} from '../support/stored-jobs.ts';

const good: DeliveryTry = { at: 1_000, status: 204, latencyMs: 12 };
const bad: DeliveryTry = { at: 2_000, status: 500, latencyMs: 7, error: 'HTTP 500.' };
const webhooks = [{ url: 'https://a.example.org/hook' }];

/** What every job store must do for the relay of deliveries, whatever database it is on. */
export function deliveryStoreContract(open: OpenDatabaseForTest): void {
  describe('recording', () => recording(open));
  describe('claims', () => claiming(open));
  describe('ends', () => ending(open));
}

function recording(open: OpenDatabaseForTest): void {
  it('records one delivery for each who asked, at the end of a job and not before', async () => {
    await using database = await open();
    const { store } = database;
    const endpoint = await store.endpoints.create(newEndpoint());
    await store.endpoints.create(newEndpoint({ owner: 'bob' }));
    await store.endpoints.create(newEndpoint({ enabled: false }));
    await store.endpoints.create(newEndpoint({ events: ['job.failed'] }));
    const { id } = await store.jobs.submit(
      newJob({ webhooks: [{ url: 'https://a.example.org/hook', secret: 'sealed' }] }),
    );
    const claim = await claimOne(store);
    await store.attempts.end(ref(claim), requeued(true));
    assert.deepEqual(await claimDeliveries(store), []);
    const last = await claimOne(store);
    await store.attempts.end(ref(last), completed(last));
    const deliveries = await claimWebhooks(store);
    assert.deepEqual(deliveries.map(({ target }) => target).sort(byUrl), [
      { kind: 'webhook', url: 'https://a.example.org/hook', secrets: ['sealed'] },
      { kind: 'webhook', url: endpoint.url, secrets: ['sealed-secret'] },
    ]);
    for (const { body } of deliveries) {
      const { type, timestamp, data } = JSON.parse(body);
      assert.deepEqual([type, data.id, data.status], ['job.complete', id, 'complete']);
      assert.equal(timestamp, data.finish);
    }
  });

  it('records the other ends too: failed, cancelled, given up after lost leases', async () => {
    await using database = await open();
    const { store } = database;
    await store.endpoints.create(newEndpoint());
    await store.jobs.submit(newJob());
    await store.attempts.end(ref(await claimOne(store)), failed);
    const { id } = await store.jobs.submit(newJob());
    for (const _ of ['once', 'again']) await store.jobs.cancel(id);
    await store.jobs.submit(newJob());
    await claimOne(store, 1);
    await leasesExpire(store, 1);
    const types = (await claimDeliveries(store)).map(({ body }) => JSON.parse(body).type);
    assert.deepEqual(types, ['job.failed', 'job.cancelled', 'job.failed']);
  });

  it('tells of the next run under another id', async () => {
    await using database = await open();
    const { store } = database;
    const { id } = await store.jobs.submit(newJob({ webhooks }));
    await store.jobs.cancel(id);
    await store.jobs.retry(id);
    await store.jobs.cancel(id);
    const [first, second] = await claimDeliveries(store);
    assert.notEqual(found(first).id, found(second).id);
    assert.deepEqual(
      [JSON.parse(found(first).body).data.run, JSON.parse(found(second).body).data.run],
      [1, 2],
    );
  });

  it("never shows a job's webhooks with the job", async () => {
    await using database = await open();
    const job = await database.store.jobs.submit(newJob({ webhooks: [{ url: 'https://a/', secret: 's' }] }));
    assert.ok(!JSON.stringify(job).includes('webhooks'));
    assert.deepEqual(await database.store.jobs.get(job.id), job);
  });

  it('tells its listeners of new deliveries', async () => {
    await using database = await open();
    const { store } = database;
    let told = 0;
    store.changes.subscribe(({ kind }) => {
      if (kind === 'delivery') told += 1;
    });
    await completeJob(store);
    assert.equal(told, 0);
    await completeJob(store, { webhooks });
    assert.equal(told, 1);
  });
}

function claiming(open: OpenDatabaseForTest): void {
  it('takes turns over owners and targets, and leaves targets at their limit alone', async () => {
    await using database = await open();
    const { store } = database;
    const [busy, other] = ['https://busy.example.org/', 'https://other.example.org/'].map(url => [{ url }]);
    for (let i = 0; i < 5; i += 1) await completeJob(store, { webhooks: found(busy) });
    await completeJob(store, { webhooks: found(other) });
    await completeJob(store, { owner: 'bob', webhooks: found(busy) });
    const first = await claimWebhooks(store, { limit: 3 });
    assert.deepEqual(first.map(({ owner, target }) => `${owner} ${target.url}`).sort(), [
      'ann https://busy.example.org/',
      'ann https://other.example.org/',
      'bob https://busy.example.org/',
    ]);
    const key = found(
      first.find(({ owner, target }) => owner === 'ann' && /busy/.test(target.url)),
    ).targetKey;
    assert.deepEqual(await claimDeliveries(store, { perTarget: 2, underWay: { [key]: 2 } }), []);
    assert.equal((await claimDeliveries(store, { perTarget: 3, underWay: { [key]: 1 } })).length, 2);
    assert.equal((await claimDeliveries(store, { perTarget: 10 })).length, 2);
  });

  it('gives each delivery to one of many who ask at once', async () => {
    await using database = await open();
    for (let i = 0; i < 20; i += 1) await completeJob(database.store, { webhooks });
    const stores = [database.store, await database.again(), await database.again()];
    const claims = await Promise.all(stores.map(store => claimDeliveries(store, { limit: 10 })));
    const ids = claims.flat().map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    assert.equal(ids.length, 20);
  });

  it('gives a delivery to somebody else when the lease is over, with the same id and body', async () => {
    await using database = await open();
    const { store } = database;
    await completeJob(store, { webhooks });
    const lost = found((await claimDeliveries(store, { leaseMs: 1 }))[0]);
    await eventually(async () => (await store.deliveries.readyDue()).readied === 1, 'the lease is over');
    const taken = found((await claimDeliveries(store))[0]);
    assert.deepEqual([taken.id, taken.body, taken.claim], [lost.id, lost.body, lost.claim + 1]);
    assert.equal(await store.deliveries.end(lost, good, { result: 'delivered' }), false);
    assert.equal(await store.deliveries.end(taken, good, { result: 'delivered' }), true);
  });

  it("says what an owner's endpoint is like now", async () => {
    await using database = await open();
    const { store } = database;
    const { id } = await store.endpoints.create(newEndpoint());
    for (let i = 0; i < 4; i += 1) await completeJob(store);
    const next = async () => found((await claimWebhooks(store, { limit: 1 }))[0]).target;
    await store.endpoints.rotate(id, 'newer', 60_000);
    assert.deepEqual((await next()).secrets, ['newer', 'sealed-secret']);
    await store.endpoints.rotate(id, 'newest', -1);
    await store.endpoints.change(id, { url: 'https://moved.example.org/', enabled: false });
    assert.deepEqual(await next(), {
      kind: 'webhook',
      url: 'https://moved.example.org/',
      secrets: ['newest'],
      closed: 'off',
    });
    await store.endpoints.remove(id);
    assert.equal((await next()).closed, 'deleted');
  });
}

function ending(open: OpenDatabaseForTest): void {
  it('makes the next try when it is due, and counts only those that failed by themselves', async () => {
    await using database = await open();
    const { store } = database;
    await completeJob(store, { webhooks });
    const next = async () => {
      await store.deliveries.readyDue();
      return (await claimDeliveries(store))[0];
    };
    const first = found(await next());
    await store.deliveries.end(first, bad, { result: 'again', delayMs: 60_000, counts: true });
    assert.equal(await next(), undefined);
    const { dueInMs = 0 } = await store.deliveries.readyDue();
    assert.ok(dueInMs <= 60_000 && dueInMs > 30_000);
    const [delivery] = (await store.deliveryLog.list({}, { limit: 1 })).deliveries;
    assert.ok(found(found(delivery).nextTryAt) > Date.now() + 30_000);
    await completeJob(store, { webhooks });
    const other = found(await next());
    await store.deliveries.end(other, bad, { result: 'again', delayMs: 0, counts: false });
    const again = found(await next());
    assert.deepEqual([again.id, again.failures], [other.id, 0]);
    await store.deliveries.end(again, bad, { result: 'again', delayMs: 1, counts: true });
    const last = await eventually(next, 'it is due');
    assert.deepEqual([last.id, last.failures], [other.id, 1]);
    await store.deliveries.end(last, bad, { result: 'failed', gone: false });
    assert.equal(await next(), undefined);
  });

  it("switches an owner's endpoint off that wants no more", async () => {
    await using database = await open();
    const { store } = database;
    const { id } = await store.endpoints.create(newEndpoint());
    await completeJob(store);
    const claimed = found((await claimDeliveries(store))[0]);
    await store.deliveries.end(claimed, { ...bad, status: 410 }, { result: 'failed', gone: true });
    assert.equal((await store.endpoints.get(id))?.enabled, false);
    await completeJob(store);
    assert.deepEqual(await claimDeliveries(store), []);
    await store.endpoints.change(id, { enabled: true });
    await completeJob(store);
    assert.equal((await claimDeliveries(store)).length, 1);
  });

  it('counts what is under way, and drops what ended long ago, with its tries', async () => {
    await using database = await open();
    const { store } = database;
    assert.deepEqual(await store.deliveries.backlog(), { pending: 0 });
    for (let i = 0; i < 3; i += 1) await completeJob(store, { webhooks });
    const { pending, oldest = 0 } = await store.deliveries.backlog();
    assert.equal(pending, 3);
    assert.ok(Math.abs(oldest - Date.now()) < 60_000);
    const [one, two] = await claimDeliveries(store);
    await store.deliveries.end(found(one), good, { result: 'delivered' });
    await store.deliveries.end(found(two), bad, { result: 'failed', gone: false });
    assert.equal(await store.deliveries.prune(60_000), 0);
    assert.equal(await store.deliveries.prune(-60_000), 2);
    const left = (await store.deliveryLog.list({}, { limit: 10 })).deliveries;
    assert.deepEqual(
      left.map(({ status }) => status),
      ['pending'],
    );
  });
}

function byUrl(a: { url: string }, b: { url: string }): number {
  return a.url < b.url ? -1 : 1;
}
