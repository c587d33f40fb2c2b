import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readableDuration } from './readable-duration.ts';

test('writes durations in the units that people use', () => {
  const written: [number, string][] = [
    [0, '0 ms'],
    [999, '999 ms'],
    [4_199, '4.1 s'],
    [59_999, '59.9 s'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 5 min'],
  ];
  for (const [ms, text] of written) assert.equal(readableDuration(ms), text);
});
