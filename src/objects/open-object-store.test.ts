import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../test/support/eventually.ts';
import { freePort } from '../../test/support/servers/server-process.ts';
import { createLogger } from '../telemetry/logger.ts';
import { openObjectStore } from './open-object-store.ts';

test('a bucket that is away when its service starts stands in the log', async t => {
  t.mock.property(process, 'env', { ...process.env, AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' });
  const logger = createLogger('error');
  const { mock } = t.mock.method(logger, 'warn');
  const endpoint = `http://127.0.0.1:${await freePort()}`;
  const store = await openObjectStore({ url: 's3://images/', endpoint }, logger);
  try {
    await store.prepare({ isAlone: false });
    await eventually(() => mock.callCount() === 1, 'it is told');
    const [call] = mock.calls;
    assert.ok(call);
    const [facts, message] = call.arguments as unknown as [{ reason: string }, string];
    assert.equal(message, 'the object store is away');
    assert.match(facts.reason, /can’t be reached/);
  } finally {
    await store.close();
  }
});
