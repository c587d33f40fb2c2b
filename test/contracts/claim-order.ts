import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { OpenJobStore } from '../../src/job-store/open-job-store.ts';
import { minute, newJob, type OpenDatabaseForTest, submitAll } from '../support/stored-jobs.ts';

/** Which jobs a claim takes: fair between owners, then by priority, then by submission. */
export function claimOrder(open: OpenDatabaseForTest): void {
  it('takes nothing from nobody', async () => {
    await using database = await open();
    assert.deepEqual(await database.store.attempts.claim('worker', 4, minute), []);
  });

  it('goes by priority, then by submission', async () => {
    await using database = await open();
    const { store } = database;
    const priorities = ['bulk', 'normal', 'interactive', 'normal', 'bulk', 'interactive'] as const;
    const ids = await submitAll(
      store,
      priorities.map(priority => newJob({ priority })),
    );
    assert.deepEqual(
      [...(await claimedIds(store, 4)), ...(await claimedIds(store, 4))],
      [2, 5, 1, 3, 0, 4].map(i => ids[i]),
    );
  });

  it("takes another owner's only job with the next claim, whatever one owner has pending", async () => {
    await using database = await open();
    const { store } = database;
    await submitConcurrently(store, 10_000, 'many');
    await claimedIds(store, 4);
    const [alone] = await submitAll(store, [newJob({ owner: 'zoe' })]);
    assert.ok((await claimedIds(store, 2)).includes(alone ?? ''));
    const [before] = await submitAll(store, [newJob({ owner: 'abe', priority: 'bulk' })]);
    assert.ok((await claimedIds(store, 2)).includes(before ?? ''));
  });

  it('gives every owner a turn before any gets a second', async () => {
    await using database = await open();
    const { store } = database;
    const owners = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    for (const owner of owners)
      await submitAll(store, [newJob({ owner }), newJob({ owner }), newJob({ owner })]);
    const turns: string[] = [];
    for (let claims = 0; claims < 7; claims++) {
      turns.push(...(await store.attempts.claim('worker', 3, minute)).map(claim => claim.job.owner));
    }
    for (const lap of [0, 7, 14]) assert.deepEqual(turns.slice(lap, lap + 7).toSorted(), owners);
  });

  it('fills every slot from one owner when nobody else waits', async () => {
    await using database = await open();
    const { store } = database;
    await submitAll(store, [
      newJob({ owner: 'b' }),
      ...Array.from({ length: 9 }, () => newJob({ owner: 'a' })),
    ]);
    assert.equal((await claimedIds(store, 8)).length, 8);
    assert.equal((await claimedIds(store, 8)).length, 2);
  });

  it('waits for the time to start', async () => {
    await using database = await open();
    const { store } = database;
    const later = Date.now() + minute;
    await submitAll(store, [newJob({ notBefore: later }), newJob({ notBefore: later + 1 })]);
    const [now] = await submitAll(store, [newJob({ notBefore: 1 })]);
    assert.deepEqual(await claimedIds(store, 4), [now]);
    const { readied, dueInMs = 0 } = await store.attempts.readyDue();
    assert.equal(readied, 0);
    assert.ok(dueInMs <= minute && dueInMs > 0);
  });
}

async function claimedIds(store: OpenJobStore, limit: number): Promise<string[]> {
  return (await store.attempts.claim('worker', limit, minute)).map(claim => claim.job.id);
}

async function submitConcurrently(store: OpenJobStore, count: number, owner: string): Promise<void> {
  for (let rest = count; rest > 0; rest -= 100) {
    await Promise.all(
      Array.from({ length: Math.min(rest, 100) }, () => store.jobs.submit(newJob({ owner }))),
    );
  }
}
