import assert from 'node:assert/strict';
import { it } from 'node:test';
import { keptTries } from '../../src/jobs/delivery-log.ts';
import { claimDeliveries } from '../support/stored-deliveries.ts';
import { completeJob, found, type OpenDatabaseForTest } from '../support/stored-jobs.ts';

const webhooks = [{ url: 'https://a.example.org/hook', secret: 'sealed' }];

/** What every job store must do for those who look at deliveries, whatever database it is on. */
export function deliveryLogContract(open: OpenDatabaseForTest): void {
  it('shows each delivery with its tries, and no secret', async () => {
    await using database = await open();
    const { store } = database;
    const job = await completeJob(store, { webhooks });
    const claimed = found((await claimDeliveries(store))[0]);
    const tries = [
      { at: 1_000, latencyMs: 3, error: 'It can’t be reached.' },
      { at: 2_000, status: 204, latencyMs: 5 },
    ];
    await store.deliveries.end(claimed, found(tries[0]), { result: 'again', delayMs: 0, counts: true });
    const again = found((await claimDeliveries(store))[0]);
    await store.deliveries.end(again, found(tries[1]), { result: 'delivered' });
    const { deliveries } = await store.deliveryLog.list({ jobId: job.id }, { limit: 10 });
    const { createdAt, endedAt } = found(deliveries[0]);
    assert.deepEqual(deliveries, [
      {
        id: claimed.id,
        jobId: job.id,
        run: 1,
        owner: 'ann',
        type: 'job.complete',
        target: { kind: 'webhook', url: 'https://a.example.org/hook' },
        status: 'delivered',
        createdAt,
        endedAt,
        tries,
      },
    ]);
  });

  it('pages, newest first, with filters', async () => {
    await using database = await open();
    const { store } = database;
    for (let i = 0; i < 5; i += 1) await completeJob(store, { webhooks });
    await completeJob(store, { owner: 'bob', webhooks });
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.deliveryLog.list(
        { owner: 'ann' },
        { limit: 2, ...(cursor !== undefined && { cursor }) },
      );
      assert.ok(page.deliveries.length <= 2);
      seen.push(...page.deliveries.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    assert.equal(seen.length, 5);
    assert.deepEqual(seen, seen.toSorted().reverse());
    const count = async (filter: object) =>
      (await store.deliveryLog.list(filter, { limit: 10 })).deliveries.length;
    assert.equal(await count({}), 6);
    assert.equal(await count({ status: 'pending' }), 6);
    assert.equal(await count({ owner: 'bob', status: 'pending' }), 1);
    assert.equal(await count({ owner: 'bob', status: 'failed' }), 0);
    for (const bad of ['x', Buffer.from('nonsense').toString('base64url')]) {
      await assert.rejects(store.deliveryLog.list({}, { limit: 1, cursor: bad }), {
        code: 'invalid-request',
        pointer: '/cursor',
      });
    }
  });

  it('ends a page early that holds much, and goes on from there', async () => {
    await using database = await open();
    const { store } = database;
    const long = Array.from({ length: 20 }, (_, i) => ({
      url: `https://a.example.org/${i}${'x'.repeat(99_000)}`,
      secret: 'sealed',
    }));
    await completeJob(store, { webhooks: long });
    const seen = new Set<string>();
    const pages: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.deliveryLog.list({}, { limit: 200, ...(cursor !== undefined && { cursor }) });
      for (const { id } of page.deliveries) seen.add(id);
      pages.push(page.deliveries.length);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    assert.deepEqual([pages, seen.size], [[10, 10], 20]);
  });

  it('tells again under the same id, but not what is still under way or somebody else’s', async () => {
    await using database = await open();
    const { store } = database;
    await completeJob(store, { webhooks });
    const first = found((await claimDeliveries(store))[0]);
    await assert.rejects(store.deliveryLog.replay(first.id, 'ann'), { code: 'delivery-not-ended' });
    await store.deliveries.end(first, { at: 1, latencyMs: 1 }, { result: 'failed', gone: false });
    await assert.rejects(store.deliveryLog.replay(first.id, 'bob'), { code: 'not-found' });
    await assert.rejects(store.deliveryLog.replay('nonsense'), { code: 'not-found' });
    const replayed = await store.deliveryLog.replay(first.id, 'ann');
    assert.deepEqual([replayed.status, replayed.endedAt], ['pending', undefined]);
    const again = found((await claimDeliveries(store))[0]);
    assert.deepEqual([again.id, again.body, again.failures], [first.id, first.body, 0]);
  });

  it('keeps the newest tries alone', async () => {
    await using database = await open();
    const { store } = database;
    await completeJob(store, { webhooks });
    for (let at = 1; at <= keptTries + 5; at += 1) {
      const claimed = found((await claimDeliveries(store))[0]);
      await store.deliveries.end(
        claimed,
        { at, latencyMs: 1 },
        { result: 'again', delayMs: 0, counts: true },
      );
    }
    const [delivery] = (await store.deliveryLog.list({}, { limit: 1 })).deliveries;
    assert.deepEqual(
      found(delivery).tries.map(({ at }) => at),
      Array.from({ length: keptTries }, (_, index) => index + 6),
    );
  });
}
