import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { batchTiles, planTiles, type Region } from './tiles.ts';

describe('planTiles', () => {
  it('covers each pixel once', () => {
    for (const [width, height, side, padding] of [
      [1, 1, 64, 8],
      [300, 210, 64, 12],
      [257, 64, 256, 0],
      [100, 90, 7, 30],
    ] as const) {
      const seen = new Uint8Array(width * height);
      for (const { inner } of planTiles(width, height, side, padding)) {
        eachPixel(inner, (x, y) => {
          const index = y * width + x;
          seen[index] = (seen[index] ?? 0) + 1;
        });
      }
      assert.ok(
        seen.every(times => times === 1),
        `${width}×${height} in tiles of ${side}`,
      );
    }
  });

  it('shows each tile its neighbours, and nothing beyond the image', () => {
    const tiles = planTiles(100, 50, 50, 10);
    assert.deepEqual(tiles, [
      {
        inner: { left: 0, top: 0, width: 50, height: 50 },
        outer: { left: 0, top: 0, width: 60, height: 50 },
      },
      {
        inner: { left: 50, top: 0, width: 50, height: 50 },
        outer: { left: 40, top: 0, width: 60, height: 50 },
      },
    ]);
  });

  it('makes tiles of nearly the same size', () => {
    const sides = planTiles(260, 10, 256, 0).map(({ inner }) => inner.width);
    assert.deepEqual(sides, [130, 130]);
  });
});

describe('batchTiles', () => {
  it('puts neighbours of one size together', () => {
    const batches = batchTiles(planTiles(400, 100, 100, 10), 2);
    assert.deepEqual(
      batches.map(batch => batch.map(({ outer }) => outer.width)),
      [[110], [120, 120], [110]],
    );
  });
});

function eachPixel({ left, top, width, height }: Region, use: (x: number, y: number) => void): void {
  for (let y = top; y < top + height; y++) for (let x = left; x < left + width; x++) use(x, y);
}
