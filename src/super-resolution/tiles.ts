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
  const columns = cut(width, side).map(part => seen(part, width, padding));
  return cut(height, side)
    .map(part => seen(part, height, padding))
    .flatMap(row =>
      columns.map(column => ({
        inner: region(column.inner, row.inner),
        outer: region(column.outer, row.outer),
      })),
    );
}

/** From and to, the latter beyond its last pixel. */
type Span = readonly [number, number];

function seen([from, to]: Span, length: number, padding: number): { inner: Span; outer: Span } {
  return { inner: [from, to], outer: [Math.max(0, from - padding), Math.min(length, to + padding)] };
}

function region([left, right]: Span, [top, below]: Span): Region {
  return { left, top, width: right - left, height: below - top };
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

/** Into parts as equal as can be, so that few shapes occur. */
function cut(length: number, side: number): Span[] {
  const parts = Math.ceil(length / side);
  return Array.from({ length: parts }, (_, index) => [
    Math.round((index * length) / parts),
    Math.round(((index + 1) * length) / parts),
  ]);
}
