import type { EnlargerAnswer, EnlargerRequest } from '../super-resolution/enlarger-messages.ts';
import type { ModelNetwork } from '../super-resolution/model-library.ts';
import type { PixelLayout } from '../super-resolution/pixel-file.ts';
import { type EnlargerStart, startEnlarger } from '../super-resolution/start-enlarger.ts';
import { batchTiles, planTiles, type Tile } from '../super-resolution/tiles.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Admission } from './admission.ts';
import { ProcessPool } from './process-pool.ts';

export interface EnlargersOptions extends EnlargerStart {
  /** Of one image, so many batches of tiles are enlarged at once, at most; each takes a processor. */
  readonly size: number;
  /** Shared with the renderers. */
  readonly admission: Admission;
  /** Processor time that one batch may take, in milliseconds. */
  readonly tileMs: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** What a caller who knows the network may ask for. */
export interface TileWishes {
  /** Pixels of a tile's side, at most. */
  readonly patchSize?: number;
  /** Pixels of its neighbours beside it. */
  readonly padding?: number;
  /** Tiles in one go, at most. */
  readonly batchSize?: number;
}

/** Larger tiles see less of their neighbours twice, and take more memory. */
const defaultSide = 256;
/** What an enlarger takes beyond its tiles. */
const baseBytes = 64 * 2 ** 20;

/** The processes that run super-resolution networks. */
export class Enlargers {
  readonly #options: EnlargersOptions;
  readonly #processes: ProcessPool<EnlargerRequest, EnlargerAnswer>;

  constructor(options: EnlargersOptions) {
    const { executionProviders, maxBytes, libraryPaths } = options;
    this.#options = options;
    const start = () => startEnlarger({ executionProviders, maxBytes, libraryPaths });
    this.#processes = new ProcessPool({ ...options, start });
  }

  /**
   * Fills `target` with `source` enlarged. Memory counts more than a caller's wishes. The first failure ends all.
   * `onProgress` hears a fraction after each batch.
   */
  async enlarge(
    { card, file }: ModelNetwork,
    source: PixelLayout,
    target: PixelLayout,
    wishes: TileWishes,
    caller: AbortSignal,
    onProgress: (fraction: number) => void,
  ): Promise<void> {
    const padding = wishes.padding ?? card.padding;
    const mostPixels = (this.#options.maxBytes - baseBytes) / card.bytesPerPixel;
    const largestSide = Math.max(1, Math.floor(Math.sqrt(mostPixels)) - 2 * padding);
    const side = Math.min(wishes.patchSize ?? defaultSide, largestSide);
    const pixels = (side + 2 * padding) ** 2;
    const count = Math.min(wishes.batchSize ?? 1, Math.max(1, Math.floor(mostPixels / pixels)));
    const batches = batchTiles(planTiles(source.width, source.height, side, padding), count);
    const bytes = baseBytes + pixels * count * card.bytesPerPixel;
    const allowance = { bytes, ms: this.#options.tileMs, counts: 'processor' } as const;
    let done = 0;
    await this.#inLanes(batches, caller, async (tiles, signal) => {
      await this.#processes.ask({ kind: 'enlarge', network: file, source, target, tiles }, allowance, signal);
      onProgress(++done / batches.length);
    });
  }

  async stop(): Promise<void> {
    await this.#processes.stop();
  }

  async #inLanes(
    batches: readonly Tile[][],
    caller: AbortSignal,
    enlarge: (tiles: Tile[], signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const failure = new AbortController();
    const signal = AbortSignal.any([caller, failure.signal]);
    const waiting = batches.values();
    const lane = async () => {
      try {
        for (const tiles of waiting) await enlarge(tiles, signal);
      } catch (error) {
        failure.abort(error);
      }
    };
    await Promise.all(Array.from({ length: this.#options.size }, lane));
    failure.signal.throwIfAborted();
  }
}
