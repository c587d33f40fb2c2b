import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { JobEvent } from '../../src/jobs/event-log.ts';
import { eventually } from '../support/eventually.ts';
import {
  claimOne,
  completed,
  completeJob,
  failed,
  failure,
  leasesExpire,
  minute,
  newJob,
  type OpenDatabaseForTest,
  ref,
  requeued,
} from '../support/stored-jobs.ts';

/** What every job store must do for listeners, whatever database it is on. */
export function eventLogContract(open: OpenDatabaseForTest): void {
  it('tells every change of status in its order', async () => {
    await using database = await open();
    const { store } = database;
    const { id } = await store.jobs.submit(newJob());
    await store.attempts.end(ref(await claimOne(store)), requeued(true));
    await claimOne(store, 1);
    await leasesExpire(store);
    await store.attempts.end(ref(await claimOne(store)), failed);
    await store.jobs.retry(id);
    await store.jobs.cancel(id);
    await store.jobs.retry(id);
    const claim = await claimOne(store);
    await store.attempts.end(ref(claim), completed(claim));
    const events = await store.events.after(0, { jobId: id }, 100);
    assert.deepEqual(events.map(told), [
      'pending 1',
      'processing 1',
      'pending 1 corrupt-image',
      'processing 1',
      'pending 1 worker-lost',
      'processing 1',
      'failed 1 corrupt-image',
      'pending 2',
      'cancelled 2',
      'pending 3',
      'processing 3',
      'complete 3',
    ]);
    assert.ok(events.every(event => event.owner === 'ann' && Math.abs(event.at - Date.now()) < minute));
    assert.deepEqual(events[6]?.failure, failure);
    const positions = events.map(event => event.position);
    assert.deepEqual(
      positions,
      [...new Set(positions)].toSorted((a, b) => a - b),
    );
  });

  it('tells no change that did not happen', async () => {
    await using database = await open();
    const { store } = database;
    const { id } = await completeJob(store);
    const newest = await store.events.newest();
    await assert.rejects(store.jobs.cancel(id));
    await assert.rejects(store.jobs.retry(id));
    assert.equal(await store.attempts.end({ jobId: id, attempt: 1 }, failed), false);
    await store.attempts.claim('worker', 4, minute);
    await store.attempts.readyDue();
    assert.equal(await store.events.newest(), newest);
  });

  it('goes on after a position, by owner and by job', async () => {
    await using database = await open();
    const { events } = database.store;
    assert.equal(await events.newest(), 0);
    const ann = await completeJob(database.store, { owner: 'ann' });
    const middle = await events.newest();
    const bob = await completeJob(database.store, { owner: 'bob' });
    const all = await events.after(0, {}, 100);
    assert.equal(all.length, 6);
    assert.equal(all.at(-1)?.position, await events.newest());
    assert.deepEqual(await events.after(middle, {}, 100), all.slice(3));
    assert.deepEqual(await events.after(0, {}, 2), all.slice(0, 2));
    assert.deepEqual(await events.after(0, { owner: 'ann' }, 100), all.slice(0, 3));
    assert.deepEqual(await events.after(0, { jobId: bob.id }, 100), all.slice(3));
    assert.deepEqual(await events.after(0, { jobId: ann.id, owner: 'ann' }, 100), all.slice(0, 3));
    assert.deepEqual(await events.after(0, { jobId: ann.id, owner: 'bob' }, 100), []);
  });

  it('drops old events and never takes a position twice', async () => {
    await using database = await open();
    const { store } = database;
    await completeJob(store);
    const newest = await store.events.newest();
    assert.equal(await store.events.prune(minute), 0);
    let pruned = 0;
    await eventually(async () => {
      pruned += await store.events.prune(10);
      return pruned === 3;
    }, 'the events are old');
    assert.deepEqual(await store.events.after(0, {}, 10), []);
    await store.jobs.submit(newJob());
    assert.equal(await store.events.newest(), newest + 1);
  });
}

function told({ status, run, failure }: JobEvent): string {
  return [status, run, failure?.code].filter(part => part !== undefined).join(' ');
}
