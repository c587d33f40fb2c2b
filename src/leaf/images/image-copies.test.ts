import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { MongoClient } from 'mongodb';
import { CuttingProxy } from '../../../test/support/cutting-proxy.ts';
import { newImage } from '../../../test/support/leaf-history.ts';
import { seededNumbers } from '../../../test/support/seeded-numbers.ts';
import { realServer } from '../../../test/support/servers/real-server.ts';
import type { RestartableServer } from '../../../test/support/servers/restartable-server.ts';
import { secantusUrl, startSecantusDb } from '../../../test/support/servers/secantusdb.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { type ImageEvent, readImageEvent, writeImageEvent } from '../events/image-event.ts';
import { ImageCopies } from './image-copies.ts';
import { ImageQueries } from './image-queries.ts';
import { LeafDatabase } from './leaf-database.ts';
import type { ImageDocument } from './plant-image.ts';

const plant = 'tomato';

describe('copies of images', () => {
  let server: RestartableServer | undefined;
  before(async () => {
    server = await realServer('copies of leaf images', startSecantusDb);
  });
  after(() => server?.[Symbol.asyncDispose]());

  function test(
    name: string,
    run: (copies: ImageCopies, queries: ImageQueries, url: string) => Promise<void>,
  ) {
    it(name, async t => {
      if (!server) return t.skip('SecantusDB could not be had');
      const url = secantusUrl(server, `leaf${randomUUID().slice(0, 8)}`);
      const database = new LeafDatabase(url, 'MONGO_CONSUMER_URL', createLogger('silent'));
      database.start();
      try {
        await run(new ImageCopies(database), new ImageQueries(database), url);
      } finally {
        await database.stop();
      }
    });
  }

  test('have the newest state and the photo, in whatever order events come', async (copies, queries) => {
    const orders = [
      [1, 2, 3],
      [3, 2, 1],
      [2, 3, 1],
      [2, 1, 3, 2, 1],
    ];
    for (const [index, order] of orders.entries()) {
      const id = index + 1;
      const states = statesOf(id);
      for (const version of order) await copies.write(plant, [eventOf(states[version - 1])]);
      await hasNewest(queries, id, states);
      // The same at once.
      const other = statesOf(id + orders.length);
      await copies.write(
        plant,
        order.map(version => eventOf(other[version - 1])),
      );
      await hasNewest(queries, id + orders.length, other);
    }
  });

  test('that are deleted stay so when everything is replayed', async (copies, queries) => {
    const [created, changed, last] = statesOf(1);
    assert.ok(last);
    const events = [created, changed, { ...last, is_deleted: true }].map(eventOf);
    for (const replay of [events, events, [...events].reverse()]) {
      for (const event of replay) await copies.write(plant, [event]);
      assert.equal(await queries.count(plant, {}), 0, 'none is shown');
      assert.equal((await queries.get(plant, 1))?.is_deleted, true);
    }
  });

  test('are one each when several write the same at the same time', async (copies, queries) => {
    const states = Array.from({ length: 20 }, (_, index) => statesOf(index + 1));
    const writers = [0, 1, 2, 1, 0].map(version =>
      copies.write(
        plant,
        states.map(each => eventOf(each[version])),
      ),
    );
    await Promise.all(writers);
    assert.equal(await queries.count(plant, {}), 20);
    for (const [index, each] of states.entries()) await hasNewest(queries, index + 1, each);
  });

  test('take the place of documents without a version', async (copies, queries, url) => {
    await queries.count(plant, {});
    await using client = new MongoClient(url);
    await client.db().collection('imagecolplanttomato').insertOne({ id: 1, camera_id: 99 });
    const states = statesOf(1);
    for (const state of states) await copies.write(plant, [eventOf(state)]);
    await hasNewest(queries, 1, states);
  });

  it('are not taken for written when the connection is lost', async t => {
    if (!server) return t.skip('SecantusDB could not be had');
    await using proxy = await CuttingProxy.start(server.port);
    const url = secantusUrl(proxy, `leaf${randomUUID().slice(0, 8)}`);
    const database = new LeafDatabase(url, 'MONGO_CONSUMER_URL', createLogger('silent'));
    database.start();
    try {
      const [copies, queries, states] = [new ImageCopies(database), new ImageQueries(database), statesOf(1)];
      await queries.count(plant, {});
      for (const [index, state] of states.entries()) {
        proxy.cutAt = `${index === 0 ? 'insert' : 'update'}\0`;
        await assert.rejects(copies.write(plant, [eventOf(state)]), { code: 'storage-unavailable' });
        proxy.cutAt = undefined;
        await copies.write(plant, [eventOf(state)]);
      }
      assert.ok(proxy.cuts >= states.length);
      await hasNewest(queries, 1, states);
    } finally {
      await database.stop();
    }
  });
});

/** Three states of an image, only the first of which brings the photo. */
function statesOf(id: number): ImageDocument[] {
  const first = newImage(id, seededNumbers(id));
  const { data, ...facts } = first;
  assert.ok(data);
  return [
    first,
    { ...facts, version: 2, is_active: true },
    { ...facts, version: 3, is_active: true, disease: 'late_blight', has_disease: true, percentage: 88 },
  ];
}

function eventOf(state: ImageDocument | undefined): ImageEvent {
  assert.ok(state);
  return readImageEvent(plant, writeImageEvent(plant, state));
}

async function hasNewest(
  queries: ImageQueries,
  id: number,
  [first, , last]: readonly ImageDocument[],
): Promise<void> {
  const found = await queries.get(plant, id);
  assert.ok(found && first?.data && last);
  assert.ok(Buffer.from(found.data?.buffer ?? []).equals(Buffer.from(first.data.buffer)));
  const { camera_id, version, disease, has_disease, percentage } = found;
  assert.deepEqual(
    { camera_id, version, disease, has_disease, percentage },
    {
      camera_id: last.camera_id,
      version: 3,
      disease: 'late_blight',
      has_disease: true,
      percentage: 88,
    },
  );
}
