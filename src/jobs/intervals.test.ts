import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type IntervalKind, intervalsOf } from './intervals.ts';

const told = (kind: IntervalKind, from: string, to: string) =>
  intervalsOf(kind, Date.parse(from), Date.parse(to)).map(
    ({ start, end }) =>
      `${new Date(start).toISOString().slice(0, 16)} ${new Date(end).toISOString().slice(0, 16)}`,
  );

test('hours, days and months in UTC, the first and last cut to the span', () => {
  assert.deepEqual(told('hour', '2026-05-01T22:10Z', '2026-05-02T00:20Z'), [
    '2026-05-01T22:00 2026-05-01T23:00',
    '2026-05-01T23:00 2026-05-02T00:00',
    '2026-05-02T00:00 2026-05-02T01:00',
  ]);
  assert.deepEqual(told('day', '2028-02-28T12:00Z', '2028-03-01T00:00Z'), [
    '2028-02-28T12:00 2028-02-29T00:00',
    '2028-02-29T00:00 2028-03-01T00:00',
  ]);
  assert.deepEqual(told('month', '2025-12-01T00:00Z', '2026-02-10T00:00Z'), [
    '2025-12-01T00:00 2026-01-01T00:00',
    '2026-01-01T00:00 2026-02-01T00:00',
    '2026-02-01T00:00 2026-02-10T00:00',
  ]);
  assert.deepEqual(told('day', '2026-05-02T00:00Z', '2026-05-01T00:00Z'), []);
});
