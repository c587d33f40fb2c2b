export interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A part of the small image. */
export interface Tile {
  /** What is kept of the result. */
  readonly inner: Region;
  /** What the network sees: `inner` and its neighbours, as far as there are any. */
  readonly outer: Region;
}

/**
 * Cuts an image into tiles of at most `side` pixels, row by row, each seen with `padding` pixels of its neighbours. At
 * the edge of the image the margin is left out, not made up: so a network pads there as it would pad the whole image,
 * and from a padding as large as its receptive radius on the tiles are what the whole image would be.
 */
export function planTiles(width: number, height: number, side: number, padding: number): Tile[] {
  const columns = cut(width, side);
  return cut(height, side).flatMap(([top, below]) =>
    columns.map(([left, right]) => {
      const outerLeft = Math.max(0, left - padding);
      const outerTop = Math.max(0, top - padding);
      return {
        inner: { left, top, width: right - left, height: below - top },
        outer: {
          left: outerLeft,
          top: outerTop,
          width: Math.min(width, right + padding) - outerLeft,
          height: Math.min(height, below + padding) - outerTop,
        },
      };
    }),
  );
}

/** Neighbours of the same size, at most `count` together: what a network can take in one go. */
export function batchTiles(tiles: readonly Tile[], count: number): Tile[][] {
  const batches: Tile[][] = [];
  for (const tile of tiles) {
    const last = batches.at(-1);
    const first = last?.[0]?.outer;
    const fits = last && last.length < count && first && isSameSize(first, tile.outer);
    if (fits) last.push(tile);
    else batches.push([tile]);
  }
  return batches;
}

function isSameSize(one: Region, other: Region): boolean {
  return one.width === other.width && one.height === other.height;
}

/** Into parts as equal as can be, so that few shapes occur: [from, to). */
function cut(length: number, side: number): [number, number][] {
  const parts = Math.ceil(length / side);
  return Array.from({ length: parts }, (_, index) => [
    Math.round((index * length) / parts),
    Math.round(((index + 1) * length) / parts),
  ]);
}
