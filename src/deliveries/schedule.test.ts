import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextDelayMs, retryAfterMs } from './schedule.ts';

const day = 86_400_000;

test('the waits are those of the schedule, give or take a fifth, and then it is over', () => {
  const schedule = [5_000, 300_000];
  for (const [failures, wait] of [
    [1, 5_000],
    [2, 300_000],
  ] as const) {
    assert.equal(
      nextDelayMs(schedule, failures, 0, () => 0),
      wait * 0.8,
    );
    assert.equal(
      nextDelayMs(schedule, failures, 0, () => 1),
      wait * 1.2,
    );
  }
  assert.equal(nextDelayMs(schedule, 3), undefined);
  assert.equal(nextDelayMs(schedule, 3, 60_000), undefined);
});

test('what the receiver asks for is waited for at least', () => {
  assert.equal(nextDelayMs([5_000], 1, 60_000), 60_000);
  assert.ok((nextDelayMs([5_000], 1, 1) ?? 0) >= 4_000);
});

test('Retry-After is seconds or a date, and a day at most', () => {
  const now = Date.parse('2030-01-01T00:00:00Z');
  assert.equal(retryAfterMs('120', now), 120_000);
  assert.equal(retryAfterMs('0', now), 0);
  assert.equal(retryAfterMs('Tue, 01 Jan 2030 00:01:00 GMT', now), 60_000);
  assert.equal(retryAfterMs('Mon, 31 Dec 2029 00:01:00 GMT', now), 0);
  assert.equal(retryAfterMs('9999999999', now), day);
  assert.equal(retryAfterMs('Tue, 01 Jan 2999 00:00:00 GMT', now), day);
  for (const none of [undefined, '', 'soon', '-5', '1.5.2'])
    assert.equal(retryAfterMs(none, now) ?? 0, 0, none);
});
