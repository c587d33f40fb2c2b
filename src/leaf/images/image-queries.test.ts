import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import { Binary } from 'mongodb';
import { newImage } from '../../../test/support/leaf-history.ts';
import { seededNumbers } from '../../../test/support/seeded-numbers.ts';
import { realServer } from '../../../test/support/servers/real-server.ts';
import type { RestartableServer } from '../../../test/support/servers/restartable-server.ts';
import { secantusUrl, startSecantusDb } from '../../../test/support/servers/secantusdb.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { ImageQueries } from './image-queries.ts';
import { LeafDatabase } from './leaf-database.ts';

suite('A list of images', () => {
  let server: RestartableServer | undefined;
  before(async () => {
    server = await realServer('lists of leaf images', startSecantusDb);
  });
  after(() => server?.[Symbol.asyncDispose]());

  test('has 16 MB of them at most, and can be read to its end all the same', async t => {
    if (!server) return t.skip('SecantusDB could not be had');
    const url = secantusUrl(server, `leaf${randomUUID().slice(0, 8)}`);
    const database = new LeafDatabase(url, 'MONGO_CONSUMER_URL', createLogger('silent'));
    database.start();
    try {
      const data = new Binary(Buffer.alloc(900_000, 7));
      const stored = Array.from({ length: 20 }, (_, at) => ({
        ...newImage(at + 1, seededNumbers(at)),
        data,
      }));
      await database.ask('tomato', images => images.insertMany(stored));
      const queries = new ImageQueries(database);
      const pages: number[][] = [];
      for (let from = 1; pages.at(-1)?.length !== 0; from = (pages.at(-1)?.at(-1) ?? 0) + 1)
        pages.push((await queries.list('tomato', {}, from, 100)).map(({ id }) => id));
      const all = stored.map(({ id }) => id);
      assert.deepEqual(pages, [all.slice(0, 17), all.slice(17), []]);
    } finally {
      await database.stop();
    }
  });
});
