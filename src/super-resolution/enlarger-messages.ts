import type { PixelLayout } from './pixel-file.ts';
import type { Tile } from './tiles.ts';

/** What an enlarger is asked for. */
export type EnlargerRequest =
  /** Enlarges tiles of one size from `source` into `target`, which is as many times as large as the network makes it. */
  | {
      readonly kind: 'enlarge';
      /** The ONNX file. */
      readonly network: string;
      readonly source: PixelLayout;
      readonly target: PixelLayout;
      readonly tiles: readonly Tile[];
    }
  /** Enlarges a few pixels, to see whether a network can be run here. */
  | { readonly kind: 'try'; readonly network: string };

export interface EnlargerAnswer {
  readonly kind: 'done';
}

/** Given to an enlarger once, as its argument. */
export interface EnlargerSettings {
  /** Of ONNX Runtime. */
  readonly executionProviders: readonly string[];
}
