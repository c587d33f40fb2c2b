import assert from 'node:assert/strict';
import { it } from 'node:test';
import { mostEndpoints } from '../../src/jobs/webhook-endpoint-store.ts';
import { newEndpoint } from '../support/stored-deliveries.ts';
import type { OpenDatabaseForTest } from '../support/stored-jobs.ts';

/** What every job store must do for owners' webhook endpoints, whatever database it is on. */
export function webhookEndpointStoreContract(open: OpenDatabaseForTest): void {
  it('gives back what was stored, without its secret', async () => {
    await using database = await open();
    const { endpoints } = database.store;
    const { secret: _, ...shown } = newEndpoint({ template: { text: 'Job {{id}}' } });
    const created = await endpoints.create({ ...shown, secret: 'sealed' });
    assert.deepEqual(created, { ...shown, createdAt: created.createdAt });
    assert.deepEqual(await endpoints.get(shown.id, 'ann'), created);
  });

  it('changes what is given and leaves the rest', async () => {
    await using database = await open();
    const { endpoints } = database.store;
    const created = await endpoints.create(newEndpoint({ template: { text: 'Job {{id}}' } }));
    const changed = await endpoints.change(created.id, { enabled: false, events: ['job.failed'] }, 'ann');
    assert.deepEqual(changed, { ...created, enabled: false, events: ['job.failed'] });
    const { template: _, ...plain } = changed;
    assert.deepEqual(await endpoints.change(created.id, { template: null, url: 'https://b/' }), {
      ...plain,
      url: 'https://b/',
    });
  });

  it("hides other owners' endpoints", async () => {
    await using database = await open();
    const { endpoints } = database.store;
    const { id } = await endpoints.create(newEndpoint());
    const missing = { code: 'not-found' };
    assert.equal(await endpoints.get(id, 'bob'), undefined);
    await assert.rejects(endpoints.change(id, { enabled: false }, 'bob'), missing);
    await assert.rejects(endpoints.rotate(id, 'newer', 1, 'bob'), missing);
    await assert.rejects(endpoints.remove(id, 'bob'), missing);
    assert.deepEqual((await endpoints.list('bob', { limit: 10 })).endpoints, []);
    await endpoints.remove(id, 'ann');
    await assert.rejects(endpoints.remove(id), missing);
  });

  it('pages, newest first, and lets an owner have so many and no more', async () => {
    await using database = await open();
    const { endpoints } = database.store;
    const ids: string[] = [];
    for (let i = 0; i < mostEndpoints; i += 1) ids.unshift((await endpoints.create(newEndpoint())).id);
    await assert.rejects(endpoints.create(newEndpoint()), { code: 'too-many-endpoints' });
    await endpoints.create(newEndpoint({ owner: 'bob' }));
    const first = await endpoints.list('ann', { limit: 15 });
    const second = await endpoints.list('ann', { limit: 15, cursor: first.nextCursor ?? '' });
    assert.deepEqual(
      [...first.endpoints, ...second.endpoints].map(({ id }) => id),
      ids,
    );
    assert.equal(second.nextCursor, undefined);
    assert.equal((await endpoints.list(undefined, { limit: 100 })).endpoints.length, mostEndpoints + 1);
  });
}
