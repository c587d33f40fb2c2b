import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { plants } from '../plants.ts';
import { leafHistory, recordsOf } from './leaf-history.ts';

const options = { records: 20, changesPerMinute: 30, seconds: 600 };

describe('a history of leaf images', () => {
  test('is the same each time', () => {
    assert.deepEqual(leafHistory(options), leafHistory(options));
    assert.notDeepEqual(leafHistory(options), leafHistory({ ...options, records: 21 }));
  });

  test('spreads its changes over the time, in their order', () => {
    const times = leafHistory(options).map(({ at }) => at);
    assert.equal(times.length, 300);
    assert.deepEqual(
      times,
      times.toSorted((one, other) => one - other),
    );
    assert.ok(times.every(at => at >= 0 && at < 600));
  });

  test('makes images under the next id, and touches none that is deleted or not there', () => {
    const last = new Map(plants.map(plant => [plant, recordsOf(plant, options.records)]));
    const deleted = new Set<string>();
    const kinds = { create: 0, update: 0, delete: 0 };
    for (const { plant, id, kind } of leafHistory(options)) {
      kinds[kind] += 1;
      const newest = last.get(plant) ?? 0;
      if (kind === 'create') {
        assert.equal(id, newest + 1);
        last.set(plant, id);
      } else {
        assert.ok(id >= 1 && id <= newest);
        assert.ok(!deleted.has(`${plant} ${id}`));
      }
      if (kind === 'delete') deleted.add(`${plant} ${id}`);
    }
    assert.deepEqual(kinds, { create: 30, update: 255, delete: 15 });
  });

  test('begins with as many images as were asked for', () => {
    for (const records of [6, 20, 1_000]) {
      const all = plants.map(plant => recordsOf(plant, records));
      assert.equal(
        all.reduce((sum, each) => sum + each, 0),
        records,
      );
    }
  });
});
