import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AttemptEnd } from '../../src/jobs/attempt-store.ts';
import { eventually } from '../support/eventually.ts';
import {
  claimOne,
  completed,
  failed,
  failure,
  found,
  leasesExpire,
  minute,
  newJob,
  type OpenDatabaseForTest,
  ref,
  requeued,
  submitAll,
  untried,
} from '../support/stored-jobs.ts';
import { claimOrder } from './claim-order.ts';
import { claimRaces } from './claim-races.ts';

const shortLease = 200;

/** What every job store must do for workers, whatever database it is on. */
export function attemptStoreContract(open: OpenDatabaseForTest): void {
  describe('claims in order', () => claimOrder(open));
  describe('races', () => claimRaces(open));
  describe('ends', () => ending(open));
  describe('leases', () => leasing(open));
  describe('leftovers', () => leavingOver(open));
}

function ending(open: OpenDatabaseForTest): void {
  it('stores the outputs of the attempt that won', async () => {
    await using database = await open();
    const { store } = database;
    await store.jobs.submit(newJob());
    const claim = await claimOne(store);
    assert.equal(claim.job.status, 'processing');
    assert.equal(claim.attempt, 1);
    assert.equal(claim.ranMs, 0);
    assert.equal(claim.claimedAt, claim.job.startedAt);
    assert.deepEqual(untried(await store.jobs.get(claim.job.id)), claim.job);
    const end = completed(claim);
    assert.equal(await store.attempts.end(ref(claim), end), true);
    const job = found(await store.jobs.get(claim.job.id));
    assert.equal(job.status, 'complete');
    assert.equal(job.progress, 1);
    assert.equal(job.attempts, 1);
    assert.ok(found(job.endedAt) >= found(job.startedAt));
    assert.deepEqual(job.outputs, [
      { ...claim.job.outputs[0], status: 'complete', stored: end.result === 'complete' && end.outputs[0] },
    ]);
    assert.equal(await store.attempts.end(ref(claim), { result: 'failed', failure }), false, 'an end stays');
  });

  it('writes nothing when an output is missing', async () => {
    await using database = await open();
    const { store } = database;
    await store.jobs.submit(newJob());
    const claim = await claimOne(store);
    const nothing: AttemptEnd = { result: 'complete', outputs: [], read: { bytes: 0, pixels: 0 } };
    await assert.rejects(store.attempts.end(ref(claim), nothing));
    assert.deepEqual(untried(await store.jobs.get(claim.job.id)), claim.job);
    assert.deepEqual(await store.attempts.stillHeld([ref(claim)]), [ref(claim)]);
  });

  it('tells which output made the job fail', async () => {
    await using database = await open();
    const { store } = database;
    const [good, bad] = [
      { name: 'good', filename: 'good.jpg', options: {} },
      { name: 'bad', filename: 'bad.jpg', options: {} },
    ];
    await store.jobs.submit(newJob({ outputs: [good, bad] }));
    const claim = await claimOne(store);
    await store.attempts.end(ref(claim), { result: 'failed', failure, outputFailures: { bad: failure } });
    const job = found(await store.jobs.get(claim.job.id));
    assert.deepEqual(job.failure, failure);
    assert.equal(job.attempts, 1);
    assert.deepEqual(job.outputs, [
      { ...good, status: 'failed' },
      { ...bad, status: 'failed', failure },
    ]);
  });

  it('requeues with or without counting, and sums the running time', async () => {
    await using database = await open();
    const { store } = database;
    await store.jobs.submit(newJob());
    const first = await claimOne(store);
    const startedAt = Date.now();
    await eventually(async () => Date.now() - startedAt > 30, 'time goes by');
    await store.attempts.end(ref(first), requeued(false));
    const waiting = found(await store.jobs.get(first.job.id));
    assert.equal(waiting.status, 'pending');
    assert.deepEqual(waiting.failure, failure);
    assert.equal(waiting.attempts, 0);
    const second = await claimOne(store);
    assert.equal(second.job.failure, undefined);
    assert.equal(second.job.startedAt, first.job.startedAt);
    assert.equal(first.claimedAt, first.job.startedAt);
    const sinceStartMs = second.claimedAt - (second.job.startedAt ?? 0);
    assert.ok(sinceStartMs >= 30 && sinceStartMs < minute);
    assert.ok(second.ranMs >= 30 && second.ranMs < minute);
    await store.attempts.end(ref(second), requeued(true));
    const third = await claimOne(store);
    assert.equal(third.job.attempts, 1);
    assert.ok(third.ranMs >= second.ranMs);
  });

  it('gives a delayed job out when its time has come', async () => {
    await using database = await open();
    const { store } = database;
    await store.jobs.submit(newJob());
    await store.attempts.end(ref(await claimOne(store)), requeued(true, shortLease));
    assert.deepEqual(await store.attempts.claim('worker', 1, minute), []);
    const { readied, dueInMs } = await store.attempts.readyDue();
    assert.equal(readied, 0);
    assert.ok(found(dueInMs) <= shortLease && found(dueInMs) > -minute);
    await eventually(async () => (await store.attempts.readyDue()).readied === 1, 'it becomes due');
    assert.deepEqual(await store.attempts.readyDue(), { readied: 0 });
    assert.equal((await claimOne(store)).attempt, 2);
  });
}

function leasing(open: OpenDatabaseForTest): void {
  it('end by the clock of the database, and a stale token can do nothing any more', async () => {
    await using database = await open();
    const { store } = database;
    await store.jobs.submit(newJob());
    const stale = await claimOne(store, shortLease);
    assert.equal(await store.attempts.expireLeases(10), 0);
    assert.equal(await leasesExpire(store), 1);
    assert.equal(found(await store.jobs.get(stale.job.id)).failure?.code, 'worker-lost');
    const taken = await claimOne(store);
    assert.equal(taken.ranMs, shortLease, 'a lost lease counts until it ended');
    assert.deepEqual(await store.attempts.renew([{ ...ref(stale), progress: 0.5 }], minute), []);
    assert.deepEqual(await store.attempts.stillHeld([ref(stale), ref(taken)]), [ref(taken)]);
    for (const end of [completed(stale), failed, requeued(false)]) {
      assert.equal(await store.attempts.end(ref(stale), end), false);
    }
    assert.deepEqual(untried(await store.jobs.get(stale.job.id)), taken.job, 'nothing was written');
    assert.equal(await store.attempts.end(ref(taken), completed(taken)), true);
  });

  it('last longer when renewed, and keep the progress', async () => {
    await using database = await open();
    const { store } = database;
    await submitAll(store, [newJob(), newJob()]);
    const [kept, lost] = await store.attempts.claim('worker', 2, shortLease);
    const held = ref(found(kept));
    assert.deepEqual(await store.attempts.renew([{ ...held, progress: 0.25 }], minute), [held]);
    assert.equal(found(await store.jobs.get(held.jobId)).progress, 0.25);
    assert.equal(await leasesExpire(store), 1);
    assert.deepEqual(await store.attempts.stillHeld([held, ref(found(lost))]), [held]);
  });

  it('are lost so often and no more, and from the second time on the job waits before it starts again', async () => {
    await using database = await open();
    const { store } = database;
    const { id } = await store.jobs.submit(newJob());
    for (let lost = 1; lost <= 3; lost++) {
      if (lost > 2) {
        assert.deepEqual(await store.attempts.claim('worker', 1, 1), []);
        await eventually(async () => (await store.attempts.readyDue()).readied === 1, 'the job is due');
      }
      await claimOne(store, 1);
      await leasesExpire(store, 3);
      assert.equal(found(await store.jobs.get(id)).status, lost < 3 ? 'pending' : 'failed');
    }
    const job = found(await store.jobs.get(id));
    assert.equal(job.failure?.code, 'worker-lost');
    assert.equal(job.attempts, 0, 'lost leases are no attempts that count');
    assert.deepEqual(
      job.outputs.map(output => [output.status, output.failure]),
      [['failed', undefined]],
    );
    await store.jobs.retry(id);
    await claimOne(store, 1);
    await leasesExpire(store, 3);
    assert.equal(found(await store.jobs.get(id)).status, 'pending', 'a new run may lose as many');
  });
}

function leavingOver(open: OpenDatabaseForTest): void {
  it('are the attempts that ended and did not win, until they are forgotten', async () => {
    await using database = await open();
    const { store } = database;
    await store.jobs.submit(newJob());
    const lost = await claimOne(store, 1);
    await leasesExpire(store);
    const given = await claimOne(store);
    await store.attempts.end(ref(given), requeued(false));
    const won = await claimOne(store);
    assert.deepEqual(await store.attempts.leftovers(10), [ref(lost), ref(given)]);
    assert.equal((await store.attempts.leftovers(1)).length, 1);
    await store.attempts.end(ref(won), completed(won));
    await store.attempts.forgetLeftovers([ref(lost)]);
    assert.deepEqual(await store.attempts.leftovers(10), [ref(given)]);
    await store.attempts.forgetLeftovers([ref(given), ref(won)]);
    assert.deepEqual(await store.attempts.leftovers(10), []);
  });
}
