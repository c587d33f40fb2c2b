import assert from 'node:assert/strict';
import { it } from 'node:test';
import { claimDeliveries } from '../support/stored-deliveries.ts';
import { claimAll, deliverAll, endNext, newGroup, newPart } from '../support/stored-groups.ts';
import { found, newJob, type OpenDatabaseForTest } from '../support/stored-jobs.ts';

/** What every job store must do for events of other systems, whatever database it is on. */
export function intakeStoreContract(open: OpenDatabaseForTest): void {
  it('makes the jobs of an event once, however often it comes', async () => {
    await using database = await open();
    const { store } = database;
    const group = newGroup({ jobs: [newPart('image'), newPart('poster')] });
    const again = () => ({ ...group, jobs: [newPart('image'), newPart('poster')] });
    assert.equal(await store.intake.submitGroups([group, again()]), 1);
    assert.equal(await store.intake.submitGroups([again(), newGroup()]), 1);
    assert.equal(await store.jobs.queued(100), 3);
    assert.equal(await store.intake.submitGroups([]), 0);
  });

  it('knows an event whose jobs have ended', async () => {
    await using database = await open();
    const { store } = database;
    const group = newGroup();
    await store.intake.submitGroups([group]);
    await endNext(store);
    assert.equal((await deliverAll(store)).length, 1);
    assert.equal(await store.intake.submitGroups([{ ...group, jobs: [newPart('image')] }]), 0);
    assert.deepEqual(await claimAll(store), []);
    assert.deepEqual(await claimDeliveries(store), []);
  });

  it('takes each event of overlapping batches once, over two connections at the same time', async () => {
    await using database = await open();
    const stores = [database.store, await database.again()];
    const keys = Array.from({ length: 60 }, (_, i) => `sqs:queue:${i}`);
    const batches = Array.from({ length: 12 }, (_, i) => [...keys.slice(i * 5), ...keys.slice(0, i * 5)]);
    const taken = await Promise.all(
      batches.map((batch, i) =>
        found(stores[i % 2]).intake.submitGroups(
          batch.map(eventKey => newGroup({ eventKey, jobs: [newPart('image')] })),
        ),
      ),
    );
    assert.equal(
      taken.reduce((sum, each) => sum + each, 0),
      60,
    );
    assert.equal(await database.store.jobs.queued(1_000), 60);
  });

  it('accepts all groups of a call or none of them', async () => {
    await using database = await open();
    const { store } = database;
    const good = newGroup();
    const source = { upload: newJob().id, filename: 'gone.jpg' };
    const bad = newGroup({ jobs: [newPart('image', { source })] });
    await assert.rejects(store.intake.submitGroups([good, bad]), { code: 'not-found' });
    assert.equal(await store.jobs.queued(100), 0);
    assert.equal(await store.intake.submitGroups([good]), 1);
  });

  it('shows its jobs as any others', async () => {
    await using database = await open();
    const { store } = database;
    const part = newPart('image', { priority: 'bulk', class: 'backfill' });
    await store.intake.submitGroups([newGroup({ jobs: [part] })]);
    const job = found(await store.jobs.get(part.id, 'ann'));
    assert.deepEqual([job.status, job.priority, job.class], ['pending', 'bulk', 'backfill']);
    const told = await store.events.after(0, { jobId: part.id }, 10);
    assert.deepEqual(
      told.map(event => event.status),
      ['pending'],
    );
  });
}
