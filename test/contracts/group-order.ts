import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { NewGroup } from '../../src/jobs/intake-store.ts';
import { claimDeliveries } from '../support/stored-deliveries.ts';
import {
  claimAll,
  deliver,
  deliverAll,
  endNext,
  newGroup,
  newPart,
  workAll,
} from '../support/stored-groups.ts';
import { completed, failed, failure, found, type OpenDatabaseForTest, ref } from '../support/stored-jobs.ts';

/** What order keys promise: for the jobs, for the ends of groups and for their deliveries. */
export function groupOrderContract(open: OpenDatabaseForTest): void {
  it('lets the jobs of the oldest group of a key be claimed, all of them and no others', async () => {
    await using database = await open();
    const { store } = database;
    await store.intake.submitGroups([
      ordered('k', 'a1', 'a2'),
      ordered('k', 'b1'),
      ordered('other', 'c1'),
      named('d1'),
    ]);
    await store.intake.submitGroups([ordered('k', 'e1')]);
    assert.deepEqual(namesOf(await claimAll(store)), ['a1', 'a2', 'c1', 'd1']);
    assert.deepEqual(await claimAll(store), []);
  });

  it('hands over at the end of a group, however its jobs end', async () => {
    await using database = await open();
    const { store } = database;
    await store.intake.submitGroups(['a', 'b', 'c', 'd'].map(name => ordered('k', name)));
    await endNext(store);
    await endNext(store, failed);
    const [third] = await claimAll(store);
    assert.equal(third?.job.source.filename, 'c');
    await store.jobs.cancel(found(third).job.id);
    assert.deepEqual(await workAll(store), ['d']);
  });

  it('ends groups in their order: one whose jobs are cancelled, or that has none, waits for those before it', async () => {
    await using database = await open();
    const { store } = database;
    const groups = [
      ordered('k', 'a'),
      ordered('k', 'b'),
      { ...ordered('k'), refused: [{ part: 'x', failure }] },
      ordered('k', 'd'),
    ];
    await store.intake.submitGroups(groups);
    await store.jobs.cancel(found(groups[1]?.jobs[0]).id);
    assert.deepEqual(await claimDeliveries(store), []);
    await endNext(store);
    const told: unknown[] = [];
    for (;;) {
      const reports = await deliverAll(store);
      if (reports.length === 0) break;
      told.push(...reports.map(report => report.context));
    }
    assert.deepEqual(
      told,
      [groups[0], groups[1], groups[2]].map(group => group?.context),
    );
    assert.deepEqual(await workAll(store), ['d']);
  });

  it('delivers to a target in the order of the groups, and no blocked key holds another', async () => {
    await using database = await open();
    const { store } = database;
    const groups = ['a', 'b', 'c'].map(name => ordered('k', name));
    await store.intake.submitGroups([...groups, ordered('other', 'x')]);
    await workAll(store);
    const claimed = await claimDeliveries(store);
    assert.deepEqual(claimed.map(contextOf).toSorted(), ['a', 'x']);
    const first = claimed.find(delivery => contextOf(delivery) === 'a');
    const made = { at: 0, latencyMs: 1 };
    await store.deliveries.end(found(first), made, { result: 'again', delayMs: 0, counts: true });
    const [again, ...none] = await claimDeliveries(store);
    assert.deepEqual([again?.id, none], [first?.id, []]);
    await store.deliveries.end(found(again), made, { result: 'failed', gone: false });
    const [second] = await claimDeliveries(store);
    assert.equal(contextOf(second), 'b');
    const { deliveries } = await store.deliveryLog.list({ status: 'failed' }, { limit: 1 });
    await store.deliveryLog.replay(found(deliveries[0]).id);
    const [replayed] = await claimDeliveries(store);
    assert.equal(contextOf(replayed), 'a');
    await deliver(store, found(second));
    assert.deepEqual(await claimDeliveries(store), [], 'the one that is told again goes before');
    await deliver(store, found(replayed));
    assert.deepEqual((await claimDeliveries(store)).map(contextOf), ['c']);
  });

  it('lets a retried job wait for earlier groups, and later groups wait for it', async () => {
    await using database = await open();
    const { store } = database;
    await store.intake.submitGroups(['a', 'b', 'c', 'd'].map(name => ordered('k', name)));
    const failedJobs = [(await endNext(store, failed)).job.id, (await endNext(store, failed)).job.id];
    const [running] = await claimAll(store);
    assert.equal(running?.job.source.filename, 'c');
    assert.equal(await store.failedJobs.retry(failedJobs), 2);
    const [first, ...none] = await claimAll(store);
    assert.deepEqual([first?.job.source.filename, none], ['a', []]);
    await store.attempts.end(ref(found(running)), completed(found(running)));
    assert.deepEqual(await claimAll(store), []);
    await store.attempts.end(ref(found(first)), completed(found(first)));
    assert.deepEqual(await workAll(store), ['b', 'd']);
  });

  it('keeps the order of many keys under submissions, workers and cancels at once, over two connections', async () => {
    await using database = await open();
    const other = await database.again();
    const stores = [database.store, other];
    const keys = ['k0', 'k1', 'k2', 'k3', 'k4'];
    const submitting = keys.map(async (key, k) => {
      for (let i = 0; i < 12; i += 3) {
        const groups = [0, 1, 2].map(j => ordered(key, `${key}.${i + j}`));
        await found(stores[(k + i) % 2]).intake.submitGroups(groups);
        if (i === 3)
          await found(stores[k % 2])
            .jobs.cancel(found(groups[1]?.jobs[0]).id)
            .catch(() => {});
      }
    });
    let isSubmitted = false;
    const seen: string[] = [];
    const working = stores.map(async store => {
      for (;;) {
        const wasSubmitted = isSubmitted;
        const names = await workAll(store, 3);
        seen.push(...names);
        if (names.length === 0 && wasSubmitted) return;
      }
    });
    await Promise.all(submitting);
    isSubmitted = true;
    await Promise.all(working);
    seen.push(...(await workAll(database.store)));
    assert.equal(await database.store.jobs.queued(100), 0);
    const told: string[] = [];
    for (;;) {
      const deliveries = await claimDeliveries(database.store);
      if (deliveries.length === 0) break;
      told.push(...deliveries.map(contextOf));
      await Promise.all(deliveries.map((delivery, i) => deliver(found(stores[i % 2]), delivery)));
    }
    for (const key of keys) {
      const all = Array.from({ length: 12 }, (_, i) => `${key}.${i}`);
      assert.deepEqual(
        told.filter(name => name.startsWith(key)),
        all,
      );
      const mine = seen.filter(name => name.startsWith(key));
      assert.ok(mine.length >= 11 && new Set(mine).size === mine.length);
    }
  });
}

/** A group with a job for each name; its context is the first of them. */
function ordered(orderKey: string, ...names: string[]): NewGroup {
  return { ...named(...names), orderKey };
}

function named(...names: string[]): NewGroup {
  const jobs = names.map(filename => newPart(filename, { source: { url: 'https://a.example/', filename } }));
  return newGroup({ jobs, context: names[0] ?? null });
}

function namesOf(claims: readonly { job: { source: { filename: string } } }[]): string[] {
  return claims.map(claim => claim.job.source.filename).sort();
}

function contextOf(delivery: { body: string } | undefined): string {
  return JSON.parse(found(delivery).body).context;
}
