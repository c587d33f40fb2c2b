import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import {
  claimOne,
  completed,
  completeJob,
  failed,
  minute,
  newJob,
  type OpenDatabaseForTest,
  ref,
} from '../support/stored-jobs.ts';

/** What every job store must say about the object store, whatever database it is on. */
export function auditStoreContract(open: OpenDatabaseForTest): void {
  it('knows attempts that run, won, or will be swept, and no others', async () => {
    await using database = await open();
    const { audit, attempts, expiry, jobs } = database.store;
    const won = { jobId: (await completeJob(database.store)).id, attempt: 1 };
    const expired = { jobId: (await completeJob(database.store, { retentionMs: 1 })).id, attempt: 1 };
    await eventually(async () => (await expiry.expireDue(10)) === 1, 'it expires');
    await jobs.submit(newJob());
    const lost = ref(await claimOne(database.store));
    await attempts.end(lost, failed);
    await jobs.submit(newJob());
    const running = ref(await claimOne(database.store));
    const strangers = [
      { ...won, attempt: 2 },
      { jobId: newJob().id, attempt: 1 },
    ];
    const known = async () => new Set(await audit.knownAttempts([won, expired, lost, running, ...strangers]));
    assert.deepEqual(await known(), new Set([won, expired, lost, running]));
    await attempts.forgetLeftovers([expired, lost]);
    assert.deepEqual(await known(), new Set([won, running]));
  });

  it('knows uploads that have a row, also those of which pieces still come', async () => {
    await using database = await open();
    const { audit, partialUploads, uploads } = database.store;
    const [whole, arriving] = [newJob().id, newJob().id];
    const facts = { owner: 'ann', filename: 'cat.jpg' };
    await uploads.create({ id: whole, ...facts });
    await partialUploads.create({ id: arriving, ...facts, bytes: 1000, token: 'a', leaseMs: minute });
    const known = await audit.knownUploads([newJob().id, whole, arriving]);
    assert.deepEqual(known.sort(), [whole, arriving].sort());
  });

  it('tells page by page which outputs and uploads must be there', async () => {
    await using database = await open();
    const { audit, attempts, expiry, jobs, uploads } = database.store;
    const expected = [];
    for (let i = 0; i < 2; i++) {
      const upload = newJob().id;
      await uploads.create({ id: upload, owner: 'ann', filename: 'cat.jpg' });
      const job = newJob({
        source: { upload, filename: 'cat.jpg' },
        outputs: [
          { name: 'b', filename: 'b.jpg', options: {} },
          { name: 'a', filename: 'a.jpg', options: {} },
        ],
      });
      await jobs.submit(job);
      const claim = await claimOne(database.store);
      await attempts.end(ref(claim), completed(claim));
      expected.push(...['a', 'b'].map(name => ({ jobId: job.id, name, key: `jobs/${job.id}/1/${name}` })));
    }
    await completeJob(database.store, { retentionMs: 1 });
    await eventually(async () => (await expiry.expireDue(10)) === 1, 'it expires');
    await jobs.submit(newJob());
    await uploads.create({ id: newJob().id, owner: 'ann', filename: 'unnamed.jpg' });

    const first = await audit.expectedOutputs(undefined, 3);
    assert.deepEqual([...first, ...(await audit.expectedOutputs(first.at(-1), 3))], expected);
    const [one = ''] = await audit.expectedUploads(undefined, 1);
    const rest = await audit.expectedUploads(one, 10);
    assert.equal(rest.length, 1);
    assert.ok(one < (rest[0] ?? ''));
  });
}
