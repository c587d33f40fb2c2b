import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import { CuttingProxy } from '../../../test/support/cutting-proxy.ts';
import { newImage } from '../../../test/support/leaf-history.ts';
import { seededNumbers } from '../../../test/support/seeded-numbers.ts';
import { realServer } from '../../../test/support/servers/real-server.ts';
import type { RestartableServer } from '../../../test/support/servers/restartable-server.ts';
import { secantusUrl, startSecantusDb } from '../../../test/support/servers/secantusdb.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { LeafDatabase } from '../images/leaf-database.ts';
import { copyImages } from './copy-images.ts';

suite('Copying all images', () => {
  let server: RestartableServer | undefined;
  before(async () => {
    server = await realServer('copying leaf images', startSecantusDb);
  });
  after(() => server?.[Symbol.asyncDispose]());

  test('takes nothing for copied when the connection is lost', async t => {
    if (!server) return t.skip('SecantusDB could not be had');
    await using proxy = await CuttingProxy.start(server.port);
    await using source = opened(server);
    await using target = opened(proxy);
    await source.database.ask('potato', images => images.insertOne(newImage(1, seededNumbers(1))));
    await target.database.ask('potato', images => images.countDocuments());
    const copy = () => copyImages(source.database, target.database, 'potato', AbortSignal.timeout(60_000));
    proxy.cutAt = 'update\0';
    await assert.rejects(copy(), { code: 'storage-unavailable' });
    proxy.cutAt = undefined;
    assert.equal((await copy()).images, 1);
    assert.equal(await target.database.ask('potato', images => images.countDocuments()), 1);
  });
});

/** A database of its own. */
function opened(at: { readonly port: number }) {
  const url = secantusUrl(at, `leaf${randomUUID().slice(0, 8)}`);
  const database = new LeafDatabase(url, 'MONGO_PRODUCER_URL', createLogger('silent'));
  database.start();
  return { database, [Symbol.asyncDispose]: () => database.stop() };
}
