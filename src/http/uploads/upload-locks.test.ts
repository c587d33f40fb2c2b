import assert from 'node:assert/strict';
import { test } from 'node:test';
import { v7 as uuidv7 } from 'uuid';
import { openTestSqlite } from '../../../test/support/sqlite-file.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { UploadLocks } from './upload-locks.ts';

const leaseMs = 400;

test('a process that stood still for longer than a lease writes no more, before anybody has told it', async () => {
  await using database = await openTestSqlite();
  const { partialUploads } = database.store;
  const [id, token] = [uuidv7(), uuidv7()];
  await partialUploads.create({ id, owner: 'ann', filename: 'cat.jpg', bytes: 1000, token, leaseMs });
  const locks = new UploadLocks(partialUploads, createLogger('silent'), leaseMs);
  const lock = locks.hold(id, token);
  locks.check();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, leaseMs);
  assert.throws(() => locks.check(), { code: 'upload-locked' });
  await locks.release(lock);
});
