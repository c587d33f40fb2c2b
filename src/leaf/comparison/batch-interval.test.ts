import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { estimateBatch, intervalFor } from './batch-interval.ts';
import { hourlyFigures, type WayMeasure } from './way-measure.ts';

const rest = { kafka: 0, mongodb: 100, cpuSeconds: 0.001 };

/** An hour of six batches: 4 s and 10 MB each. */
const all: WayMeasure = {
  ...{ way: 'batch-all', records: 250, changesPerMinute: 10, seconds: 3_600, changes: 600 },
  ...{ wallSeconds: 3_600, images: 1_500, imageBytes: 30e6, httpBytes: 0, rest },
  used: { kafka: 0, mongodb: 60e6, cpuSeconds: 12 },
  batches: { intervalSeconds: 600, runs: 6, seconds: 4, empty: { seconds: 4, bytes: 10e6, cpuSeconds: 2 } },
  ...{ p50: 304, p99: 598, differences: 0 },
};

/** Six batches again: of 80 images in 1 s, and 10 kB and 50 ms where there is nothing to copy. */
const changed: WayMeasure = {
  ...all,
  ...{ way: 'batch-changed', images: 480 },
  used: { kafka: 0, mongodb: 24e6 + 60_000, cpuSeconds: 6 },
  batches: {
    ...{ intervalSeconds: 600, runs: 6, seconds: 1 },
    empty: { seconds: 0.05, bytes: 10_000, cpuSeconds: 0.01 },
  },
};

describe('a batch with another interval', () => {
  test('that copies all takes as many times the bytes as it runs more often', () => {
    const resting = 100 * 3_600;
    assert.equal(Math.round(estimateBatch(all, 600).bytes), 60e6 + resting);
    assert.equal(Math.round(estimateBatch(all, 60).bytes), 600e6 + resting);
    assert.deepEqual(
      [60, 4, 2].map(interval => estimateBatch(all, interval).isPossible),
      [true, false, false],
    );
  });

  test('that copies what was changed takes what its images take, and a little for each time', () => {
    const resting = 100 * 3_600;
    assert.equal(Math.round(estimateBatch(changed, 600).bytes), 24e6 + 60_000 + resting);
    // Of 600 changes each goes alone: 50 kB an image.
    const often = estimateBatch(changed, 0.1);
    assert.ok(Math.abs(often.bytes - (30e6 + 36_000 * 10_000 + resting)) < 10_000);
  });

  test('lets a change wait for half of it, and for the copying', () => {
    const { p50, p99 } = estimateBatch(all, 600);
    assert.deepEqual([p50, p99], [304, 598]);
  });

  test('comes near a stream only where copying is as fast', () => {
    assert.equal(intervalFor(all, 0.2), undefined);
    assert.ok(Math.abs((intervalFor(changed, 0.2) ?? 0) - 0.3) < 1e-9);
  });
});

test('an hour has what was measured, and rest for the time that was left out', () => {
  const half = { ...all, seconds: 1_800, wallSeconds: 300 };
  const { mongoBytes, bytes, cpuSeconds } = hourlyFigures(half);
  assert.equal(mongoBytes, 2 * (60e6 + 100 * 1_500));
  assert.equal(bytes, mongoBytes);
  assert.equal(cpuSeconds, 2 * (12 + 0.001 * 1_500));
});
