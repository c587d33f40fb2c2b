import { enlargeAlpha } from './alpha.ts';
import type { Network } from './network.ts';
import type { PixelFile } from './pixel-file.ts';
import { fromPlanes, hasAlpha, type PixelFormat, toPlanes } from './planes.ts';
import type { Tile } from './tiles.ts';

/** Enlarges tiles of one size in one go, from one file into the other, whose size is `scale` times as large. */
export async function enlargeTiles(
  network: Network,
  source: PixelFile,
  target: PixelFile,
  tiles: readonly Tile[],
): Promise<void> {
  const first = tiles[0];
  if (!first) return;
  const scale = target.layout.width / source.layout.width;
  const format: PixelFormat = {
    bands: source.layout.bands,
    white: source.layout.bytesPerSample === 1 ? 255 : 65_535,
  };
  const { width, height } = first.outer;
  const size = 3 * width * height;
  const planes = new Float32Array(size * tiles.length);
  const small = tiles.map(({ outer }, index) => {
    const samples = source.read(outer);
    toPlanes(samples, format, planes.subarray(index * size, (index + 1) * size));
    return samples;
  });
  const result = await network.enlarge(planes, tiles.length, height, width);
  const resultSize = size * scale ** 2;
  for (const [index, tile] of tiles.entries()) {
    const part = result.subarray(index * resultSize, (index + 1) * resultSize);
    const enlarged = fromPlanes(part, tile, scale, format);
    const samples = small[index];
    if (samples && hasAlpha(format)) enlargeAlpha(samples, tile, scale, format, enlarged);
    const { left, top, width, height } = tile.inner;
    target.write(
      { left: left * scale, top: top * scale, width: width * scale, height: height * scale },
      enlarged,
    );
  }
}
