import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { OpenJobStore } from '../../src/job-store/open-job-store.ts';
import type { Claim } from '../../src/jobs/attempt-store.ts';
import {
  claimOne,
  completed,
  found,
  minute,
  newJob,
  type OpenDatabaseForTest,
  ref,
  submitAll,
} from '../support/stored-jobs.ts';

/** What must hold however many ask at once, over two connections as over one. */
export function claimRaces(open: OpenDatabaseForTest): void {
  it('has one winner in each of 1,000 races for a job', async () => {
    await using database = await open();
    const stores = [database.store, await database.again()];
    const submitted = new Set<string>();
    for (let round = 0; round < 10; round++) {
      const ids = await submitAll(
        database.store,
        Array.from({ length: 100 }, (_, i) => newJob({ owner: `owner-${i % 7}` })),
      );
      for (const id of ids) submitted.add(id);
      const claims = (await Promise.all(stores.flatMap(store => [1, 2].map(() => claimAll(store))))).flat();
      assert.deepEqual(claims.map(claim => claim.job.id).toSorted(), ids.toSorted());
      assert.ok(claims.every(claim => claim.attempt === 1));
    }
    assert.equal(submitted.size, 1_000);
  });

  it('has one winner between an end and a cancel', async () => {
    await using database = await open();
    const stores = [database.store, await database.again()];
    for (let round = 0; round < 50; round++) {
      const { id } = await database.store.jobs.submit(newJob());
      const claim = await claimOne(database.store);
      const [canceller, ender] = round % 2 ? stores : stores.toReversed();
      const [ended, cancelled] = await Promise.all([
        found(ender).attempts.end(ref(claim), completed(claim)),
        found(canceller)
          .jobs.cancel(id)
          .then(
            () => true,
            error => {
              assert.equal(error.code, 'job-ended');
              return false;
            },
          ),
      ]);
      assert.notEqual(ended, cancelled);
      assert.equal((await database.store.jobs.get(id))?.status, ended ? 'complete' : 'cancelled');
    }
  });

  it('has one winner between an end and the end of the lease', async () => {
    await using database = await open();
    const other = await database.again();
    for (let round = 0; round < 50; round++) {
      const { id } = await database.store.jobs.submit(newJob());
      const claim = await claimOne(database.store, 1);
      const [ended, expired] = await Promise.all([
        database.store.attempts.end(ref(claim), completed(claim)),
        other.attempts.expireLeases(10),
      ]);
      const job = found(await database.store.jobs.get(id));
      assert.equal(job.status, ended ? 'complete' : 'pending');
      assert.equal(expired, ended ? 0 : 1);
      if (!ended) await database.store.jobs.cancel(id);
    }
  });

  it('ends one claim once, however often it is told to', async () => {
    await using database = await open();
    const stores = [database.store, await database.again()];
    await database.store.jobs.submit(newJob());
    const claim = await claimOne(database.store);
    const ends = await Promise.all(
      Array.from({ length: 20 }, (_, i) => found(stores[i % 2]).attempts.end(ref(claim), completed(claim))),
    );
    assert.deepEqual([...new Set(ends)], [true], 'whoever did not hear the answer may ask again');
    const events = await database.store.events.after(0, { jobId: claim.job.id }, 100);
    assert.deepEqual(
      events.map(event => event.status),
      ['pending', 'processing', 'complete'],
    );
  });
}

/** Claims until there is nothing left. */
async function claimAll(store: OpenJobStore): Promise<Claim[]> {
  const all = [];
  for (;;) {
    const claims = await store.attempts.claim('worker', 3, minute);
    if (claims.length === 0) return all;
    all.push(...claims);
  }
}
