import assert from 'node:assert/strict';
import { it } from 'node:test';
import { newJob, type OpenDatabaseForTest } from '../support/stored-jobs.ts';

const sent = { key: 'order 4711', fingerprint: 'aa' };
const other = { ...sent, fingerprint: 'bb' };

/** What every job store must do for requests that come again, whatever database it is on. */
export function idempotencyStoreContract(open: OpenDatabaseForTest): void {
  it('makes one job of the same request, however often it comes', async () => {
    await using database = await open();
    const { jobs, idempotency, events } = database.store;
    assert.equal(await idempotency.jobOf('ann', sent), undefined);
    const first = await jobs.submit(newJob({ idempotency: sent }));
    await jobs.cancel(first.id);
    const newest = await events.newest();
    const again = await jobs.submit(newJob({ idempotency: sent }));
    assert.deepEqual(again, await jobs.get(first.id), 'as it is now');
    assert.equal(again.status, 'cancelled');
    assert.equal(await idempotency.jobOf('ann', sent), first.id);
    assert.equal(await events.newest(), newest);
    assert.equal((await jobs.list({}, { limit: 10 })).jobs.length, 1);
  });

  it('refuses another request under the same key', async () => {
    await using database = await open();
    const { jobs, idempotency } = database.store;
    await jobs.submit(newJob({ idempotency: sent }));
    const refused = { code: 'idempotency-key-reused', pointer: '/headers/idempotency-key' };
    const late = newJob({ idempotency: other });
    await assert.rejects(jobs.submit(late), refused);
    await assert.rejects(idempotency.jobOf('ann', other), refused);
    assert.equal(await jobs.get(late.id), undefined);
  });

  it("keeps owners' keys apart", async () => {
    await using database = await open();
    const { jobs, idempotency } = database.store;
    const ann = await jobs.submit(newJob({ idempotency: sent }));
    const bob = await jobs.submit(newJob({ owner: 'bob', idempotency: other }));
    assert.notEqual(ann.id, bob.id);
    assert.equal(await idempotency.jobOf('bob', other), bob.id);
  });

  it('takes no key for a job that was not accepted, and keeps keys for a day', async () => {
    await using database = await open();
    const { jobs, idempotency } = database.store;
    const refused = newJob({ source: { upload: newJob().id, filename: 'a' }, idempotency: sent });
    await assert.rejects(jobs.submit(refused), { code: 'not-found' });
    const taken = await jobs.submit(newJob({ idempotency: other }));
    assert.equal(await idempotency.prune(), 0);
    assert.equal(await idempotency.jobOf('ann', other), taken.id);
  });

  it('gives one job to a hundred who come at once', async () => {
    await using database = await open();
    const stores = [database.store, await database.again()];
    const answers = await Promise.allSettled(
      Array.from({ length: 100 }, (_, index) =>
        stores[index % 2]?.jobs.submit(newJob({ idempotency: index % 10 === 9 ? other : sent })),
      ),
    );
    const accepted = answers.flatMap(answer => (answer.status === 'fulfilled' ? [answer.value?.id] : []));
    assert.equal(new Set(accepted).size, 1);
    assert.equal((await database.store.jobs.list({}, { limit: 10 })).jobs.length, 1);
  });
}
