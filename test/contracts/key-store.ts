import assert from 'node:assert/strict';
import { it } from 'node:test';
import { freshKey } from '../../src/jobs/api-key.ts';
import type { NewApiKey } from '../../src/jobs/key-store.ts';
import { found, type OpenDatabaseForTest } from '../support/stored-jobs.ts';

/** What every job store must do for API keys, whatever database it is on. */
export function keyStoreContract(open: OpenDatabaseForTest): void {
  it('keeps a key with its owner, its rights and the hash of its secret', async () => {
    await using database = await open();
    const { keys } = database.store;
    const [mine, admin] = [newKey('ann'), { ...newKey('root'), isAdmin: true }];
    const created = await keys.create(mine);
    await keys.create(admin);
    assert.deepEqual(
      { ...created, createdAt: 0 },
      { id: mine.id, owner: 'ann', isAdmin: false, createdAt: 0 },
    );
    assert.ok(Math.abs(created.createdAt - Date.now()) < 60_000);
    assert.deepEqual(await keys.find(mine.id), { ...created, secretHash: mine.secretHash });
    assert.equal((await keys.find(admin.id))?.isAdmin, true);
    assert.equal(await keys.find(newKey('ann').id), undefined);
  });

  it('lists all keys, the oldest first, without hashes', async () => {
    await using database = await open();
    const { keys } = database.store;
    assert.deepEqual(await keys.list(), []);
    const created = [];
    for (const owner of ['ann', 'bob', 'ann']) created.push(await keys.create(newKey(owner)));
    const sorted = created.toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
    assert.deepEqual(await keys.list(), sorted);
  });

  it('revokes a key once, for every process', async () => {
    await using database = await open();
    const other = (await database.again()).keys;
    const { keys } = database.store;
    const { id } = await keys.create(newKey('ann'));
    const revoked = await other.revoke(id);
    assert.ok(revoked.revokedAt);
    assert.equal((await keys.find(id))?.revokedAt, revoked.revokedAt);
    assert.deepEqual(await keys.revoke(id), revoked);
    await assert.rejects(keys.revoke('0123456789abcdef'), { code: 'not-found' });
  });

  it('notes the last use, at most once a minute', async () => {
    await using database = await open();
    const { keys } = database.store;
    const { id } = await keys.create(newKey('ann'));
    assert.equal((await keys.find(id))?.lastUsedAt, undefined);
    await keys.used(id);
    const first = found((await keys.find(id))?.lastUsedAt);
    assert.ok(Math.abs(first - Date.now()) < 60_000);
    await keys.used(id);
    assert.equal((await keys.find(id))?.lastUsedAt, first);
    await keys.used('0123456789abcdef');
  });
}

function newKey(owner: string): NewApiKey {
  const { id, secretHash } = freshKey();
  return { id, owner, isAdmin: false, secretHash };
}
