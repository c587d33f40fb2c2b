import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { temporaryFile } from '../../../test/support/sqlite-file.ts';
import { newJob } from '../../../test/support/stored-jobs.ts';
import { openSqlite } from '../sqlite/sqlite.ts';

test('a key is free again after a day, and swept then', async () => {
  await using folder = await temporaryFile();
  const { file } = folder;
  const store = await openSqlite({ file, exclusive: true });
  await using _closed = { [Symbol.asyncDispose]: () => store.close() };
  await store.migrate();
  const sent = { key: 'a', fingerprint: 'aa' };
  const other = { key: 'a', fingerprint: 'bb' };
  const aDayPasses = () => {
    using database = new DatabaseSync(file);
    database.exec('update idempotency_keys set created_at = created_at - 86400000');
  };

  const first = await store.jobs.submit(newJob({ idempotency: sent }));
  aDayPasses();
  assert.equal(await store.idempotency.jobOf('ann', sent), undefined);
  const second = await store.jobs.submit(newJob({ idempotency: other }));
  assert.notEqual(second.id, first.id);
  assert.equal(await store.idempotency.jobOf('ann', other), second.id);
  assert.equal(await store.idempotency.prune(), 0);
  aDayPasses();
  assert.equal(await store.idempotency.prune(), 1);
});
