import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { minute, type OpenDatabaseForTest } from '../support/stored-jobs.ts';

const duty = { name: 'watch', leaseMs: minute, everyMs: minute };

/** What every job store must do for duties that one process does at a time, whatever database it is on. */
export function leaseStoreContract(open: OpenDatabaseForTest): void {
  it('gives a duty to one holder, who may take it again', async () => {
    await using database = await open();
    const { leases } = database.store;
    const taken = await Promise.all(['a', 'b', 'c'].map(holder => leases.take({ ...duty, holder })));
    assert.equal(taken.filter(Boolean).length, 1);
    const holder = ['a', 'b', 'c'][taken.indexOf(true)] ?? '';
    assert.equal(await leases.take({ ...duty, holder }), true);
    assert.equal(await leases.take({ ...duty, holder: 'd' }), false);
    assert.equal(await leases.take({ ...duty, name: 'other', holder: 'd' }), true);
  });

  it('gives a duty that is done out again when it is due, also after a restart', async () => {
    await using database = await open();
    const { leases } = database.store;
    assert.equal(await leases.take({ ...duty, holder: 'a' }), true);
    await leases.release({ name: 'watch', holder: 'b' }, true);
    assert.equal(await leases.take({ ...duty, holder: 'b' }), false, 'it was not his to let go');
    await leases.release({ name: 'watch', holder: 'a' }, true);
    const other = await database.again();
    assert.equal(await other.leases.take({ ...duty, holder: 'b' }), false);
    assert.equal(await other.leases.take({ ...duty, everyMs: 0, holder: 'b' }), true);
  });

  it('gives a duty that was let go, or whose lease is over, out at once', async () => {
    await using database = await open();
    const { leases } = database.store;
    assert.equal(await leases.take({ ...duty, holder: 'a' }), true);
    await leases.release({ name: 'watch', holder: 'a' }, false);
    assert.equal(await leases.take({ ...duty, leaseMs: 1, holder: 'b' }), true);
    await eventually(() => leases.take({ ...duty, holder: 'c' }), 'the lease ends');
    assert.equal(await leases.take({ ...duty, holder: 'b' }), false);
  });
}
