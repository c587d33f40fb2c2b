import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { openSqlite } from '../../job-store/sqlite/sqlite.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { EventFeed } from './event-feed.ts';

test('a feed that has stopped tells so whoever comes later, and listens to nothing', async t => {
  await using folder = await temporaryFolder();
  const store = await openSqlite({ file: path.join(folder.path, 'jobs.db'), exclusive: true });
  t.after(() => store.close());
  await store.migrate();
  const feed = new EventFeed(store.events, store.changes, createLogger('silent'));
  const stops: string[] = [];
  const follow = (name: string) =>
    feed.follow(
      {
        filter: {},
        onEvent: () => {},
        onProgress: () => {},
        ready: async () => {},
        onStop: () => stops.push(name),
      },
      0,
    );
  await follow('before').caughtUp;
  feed.stop();
  await follow('after').caughtUp;
  assert.deepEqual(stops, ['before', 'after']);
});
