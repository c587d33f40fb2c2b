import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryDelayMs } from './retry-policy.ts';

test('waits grow from one second to one minute, between half and whole', () => {
  for (const [failures, whole] of [
    [1, 1_000],
    [2, 2_000],
    [5, 16_000],
    [7, 60_000],
    [1_000, 60_000],
  ] as const) {
    assert.equal(
      retryDelayMs(failures, () => 0),
      whole / 2,
    );
    assert.equal(
      retryDelayMs(failures, () => 1),
      whole,
    );
  }
});
