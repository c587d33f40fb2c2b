import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QueueRoom } from './queue-room.ts';

test('there is room up to 80 % of the queue, and again below 70 %', async t => {
  let now = performance.now();
  t.mock.method(performance, 'now', () => now);
  let queued = 0;
  const room = new QueueRoom({ queued: async most => Math.min(most, queued) }, 100);
  const { signal } = new AbortController();
  assert.equal(await room.free(signal), 80);
  room.taken(60);
  assert.equal(await room.free(signal), 20);
  const pausing = new AbortController();
  const refused = async () => {
    now += 1_000;
    const waiting = room.free(pausing.signal);
    pausing.abort(new Error('enough'));
    await assert.rejects(waiting, /enough/);
  };
  queued = 80;
  await refused();
  queued = 75;
  await refused();
  queued = 69;
  now += 1_000;
  assert.equal(await room.free(signal), 11);
});
