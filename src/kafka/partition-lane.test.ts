import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PartitionLane } from './partition-lane.ts';
import type { TopicRecord } from './topic-record.ts';

const record: TopicRecord = {
  topic: 'images',
  partition: 0,
  offset: 0n,
  identity: 'cluster:images:0:0',
  key: null,
  value: null,
  headers: [],
};

function emptyLane() {
  const handling = {
    read: async () => '',
    handle: async () => {},
    buried: () => {},
    waits: () => {},
    goesOn: () => {},
  };
  const progress = { hasRoom: () => {}, commit: async () => {}, commitWithDeadLetters: async () => {} };
  return new PartitionLane({ topic: 'images', partition: 0, start: 0n }, handling, progress);
}

describe('a lane', () => {
  it('takes however many records one batch has', () => {
    const lane = emptyLane();
    lane.add({ records: Array.from({ length: 200_000 }, () => record), next: 200_000n });
    assert.equal(lane.fetchOffset, undefined);
  });

  for (const [what, large] of [
    ['values', { value: Buffer.alloc(1_000_000) }],
    ['keys', { key: Buffer.alloc(1_000_000) }],
    ['headers', { headers: [[Buffer.from('trace'), Buffer.alloc(1_000_000)]] }],
  ] as const) {
    it(`fetches no more while it has megabytes of ${what}`, () => {
      const lane = emptyLane();
      lane.add({ records: [{ ...record, ...large }], next: 1n });
      assert.equal(lane.fetchOffset, 1n);
      lane.add({ records: Array.from({ length: 9 }, () => ({ ...record, ...large })), next: 10n });
      assert.equal(lane.fetchOffset, undefined);
    });
  }
});
