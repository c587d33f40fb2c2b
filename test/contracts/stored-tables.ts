import assert from 'node:assert/strict';
import { it } from 'node:test';
import { backupDuty } from '../../src/jobs/lease-store.ts';
import type { StoredRow, StoredTables } from '../../src/jobs/stored-tables.ts';
import { endNext, newGroup } from '../support/stored-groups.ts';
import {
  claimOne,
  completed,
  completeJob,
  failed,
  found,
  minute,
  newJob,
  type OpenDatabase,
  type OpenDatabaseForTest,
  ref,
} from '../support/stored-jobs.ts';

type Read = ReadonlyMap<string, readonly StoredRow[]>;

/** What every job store must do for who copies all of it, whatever database it is on. */
export function storedTablesContract(open: OpenDatabaseForTest): void {
  it('reads the state of one moment, while others write', async () => {
    await using database = await open();
    const { store } = database;
    const { id } = await completeJob(store);
    const tables = await database.tables();
    await tables.read(async ({ pages }) => {
      await completeJob(store);
      await store.jobs.retry(id).catch(() => {});
      for (const table of ['jobs', 'outputs', 'attempts']) {
        const rows = await rowsOf(pages(table));
        assert.deepEqual(
          rows.map(row => row.job_id ?? row.id),
          [id],
          table,
        );
      }
      assert.equal((await rowsOf(pages('events'))).length, 3);
    });
    await tables.read(async ({ pages }) => assert.equal((await rowsOf(pages('jobs'))).length, 2));
  });

  it('reads every row once, however many there are', async () => {
    await using database = await open();
    const ids = Array.from({ length: 450 }, () => newJob().id);
    await Promise.all(ids.map(id => database.store.jobs.submit(newJob({ id }))));
    const read = await everything(await database.tables());
    assert.deepEqual(
      read
        .get('jobs')
        ?.map(({ id }) => id)
        .sort(),
      ids.sort(),
    );
    assert.equal(read.get('outputs')?.length, 450);
    assert.equal(read.get('events')?.length, 450);
  });

  it('fills an empty database with what another one held, and refuses any other', async () => {
    await using database = await open();
    await using other = await open();
    await someOfEverything(database);
    const tables = await other.tables();
    await copy(await database.tables(), tables);
    assert.deepEqual(await everything(tables), await everything(await database.tables()));
    const list = (from: OpenDatabase) => from.store.jobs.list({}, { limit: 100 });
    assert.deepEqual(await list(other), await list(database));
    await assert.rejects(copy(await database.tables(), tables), {
      code: 'invalid-configuration',
      message: /the table uploads has rows/,
    });
    await assert.rejects(tables.requireEmpty(), { code: 'invalid-configuration' });
  });

  it('fills nothing when the filling breaks off', async () => {
    await using database = await open();
    await using other = await open();
    await someOfEverything(database);
    const tables = await other.tables();
    const broken = new Error('broken');
    await assert.rejects(
      copy(await database.tables(), tables, table => {
        if (table === 'deliveries') throw broken;
      }),
      ({ cause }) => cause === broken,
    );
    await tables.requireEmpty();
    await copy(await database.tables(), tables);
    assert.equal((await other.store.jobs.list({}, { limit: 100 })).jobs.length, 6);
  });

  it('numbers events after all that anybody may have seen, also when none of them is left', async () => {
    await using database = await open();
    await using other = await open();
    await completeJob(database.store);
    const last = await database.store.events.newest();
    assert.ok(last > 0);
    // They are a moment old.
    while ((await database.store.events.prune(-minute)) > 0);
    await copy(await database.tables(), await other.tables());
    await other.store.jobs.submit(newJob());
    const [event] = found((await everything(await other.tables())).get('events'));
    assert.ok(Number(event?.position) > last + 1_000_000);
    const again = await everything(await other.tables());
    assert.equal(again.get('jobs')?.length, 2);
  });

  it('lets what was running be taken up at once', async () => {
    await using database = await open();
    await using other = await open();
    await database.store.jobs.submit(newJob());
    const claim = await claimOne(database.store, 60 * minute);
    await copy(await database.tables(), await other.tables());
    assert.equal(await other.store.attempts.expireLeases(10), 1);
    const again = await claimOne(other.store);
    assert.deepEqual([again.job.id, again.attempt], [claim.job.id, 2]);
    assert.equal(await database.store.attempts.expireLeases(10), 0);
    assert.equal(await other.store.attempts.end(ref(claim), completed(claim)), false);
  });

  it('makes tables as they were, not later ones, and none that it does not know', async () => {
    await using database = await open();
    const tables = await database.tables();
    await assert.rejects(tables.makeAsOf('0001-jobs'), {
      code: 'invalid-configuration',
      message: /0001-jobs/,
    });
    await assert.rejects(tables.makeAsOf('9999-later'), {
      code: 'invalid-request',
      message: /later version/,
    });
    await tables.makeAsOf(await tables.read(async ({ schema }) => schema));
  });

  it('names no object to be deleted while a backup is made', async () => {
    await using database = await open();
    const { store } = database;
    await completeJob(store, { retentionMs: 0 });
    await store.jobs.submit(newJob());
    await store.attempts.end(ref(await claimOne(store)), failed);
    const upload = newJob().id;
    await store.uploads.create({ id: upload, owner: 'ann', filename: 'cat.jpg' });
    const duty = { name: backupDuty, holder: 'a', leaseMs: minute, everyMs: 0 };
    assert.equal(await store.leases.take(duty), true);
    assert.equal(await store.expiry.expireDue(10), 1);
    assert.deepEqual(await store.attempts.leftovers(10), []);
    assert.deepEqual(await store.uploads.abandoned(-minute, 10), []);
    await store.leases.release(duty, true);
    assert.equal((await store.attempts.leftovers(10)).length, 2);
    assert.deepEqual(await store.uploads.abandoned(-minute, 10), [upload]);
    assert.equal(await store.leases.take({ ...duty, leaseMs: -1 }), true);
    assert.equal((await store.attempts.leftovers(10)).length, 2, 'the lease is over');
  });
}

/** Rows in every table that is copied. */
async function someOfEverything({ store }: OpenDatabase): Promise<void> {
  const upload = newJob().id;
  await store.uploads.create({ id: upload, owner: 'ann', filename: 'cat.jpg' });
  await store.endpoints.create({
    id: newJob().id,
    owner: 'ann',
    url: 'https://example.org/hook',
    events: ['job.complete', 'job.failed'],
    enabled: true,
    secret: 'sealed',
  });
  await store.keys.create({ id: '0123456789abcdef', owner: 'ann', isAdmin: false, secretHash: 'ab' });
  await completeJob(store, {
    source: { upload, filename: 'cat.jpg' },
    metadata: { text: 'line\u2028separator "quoted" \\ 🐈', number: 0.1 },
    idempotency: { key: 'once', fingerprint: 'cd' },
  });
  const limits = { limit: 1, perTarget: 1, underWay: {}, leaseMs: minute };
  const delivery = found((await store.deliveries.claim(limits))[0]);
  const made = { at: Date.now(), status: 204, latencyMs: 5 };
  await store.deliveries.end(delivery, made, { result: 'delivered' });
  while ((await store.statistics.addUp()) > 0);
  await completeJob(store);
  await store.jobs.submit(newJob());
  await store.attempts.end(ref(await claimOne(store)), failed);
  await store.jobs.submit(newJob({ notBefore: Date.now() + minute }));
  const exports = [{ part: 'image', output: 'thumb', bucket: 'out', key: 'a.jpg' }];
  await store.intake.submitGroups([newGroup({ exports, orderKey: 'k' }), newGroup({ orderKey: 'k' })]);
  await endNext(store);
}

async function copy(
  from: StoredTables,
  to: StoredTables,
  before: (table: string) => void = () => {},
): Promise<void> {
  await from.read(({ tables, counters, pages }) =>
    to.fill(counters, async add => {
      for (const table of tables) {
        before(table);
        for await (const rows of pages(table)) await add(table, rows);
      }
    }),
  );
}

function everything(tables: StoredTables): Promise<Read> {
  return tables.read(async snapshot => {
    const read = new Map<string, readonly StoredRow[]>();
    for (const table of snapshot.tables) read.set(table, await rowsOf(snapshot.pages(table)));
    return read;
  });
}

async function rowsOf(pages: AsyncIterable<readonly StoredRow[]>): Promise<StoredRow[]> {
  const rows: StoredRow[] = [];
  for await (const page of pages) rows.push(...page);
  return rows;
}
