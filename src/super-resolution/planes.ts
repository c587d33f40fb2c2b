import type { Samples } from './pixel-file.ts';
import type { Tile } from './tiles.ts';

/** How the samples of a pixel are meant. */
export interface PixelFormat {
  /** 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha. */
  readonly bands: number;
  /** The largest sample. */
  readonly white: 255 | 65_535;
}

export function hasAlpha({ bands }: PixelFormat): boolean {
  return bands === 2 || bands === 4;
}

/** Writes interleaved pixels into `planes`: R, G and B, 0 to 1, one after the other. Grey becomes all three. */
export function toPlanes(samples: Samples, { bands, white }: PixelFormat, planes: Float32Array): void {
  const size = samples.length / bands;
  const [red, green, blue] = bands < 3 ? [0, 0, 0] : [0, 1, 2];
  for (let pixel = 0, sample = 0; pixel < size; pixel++, sample += bands) {
    planes[pixel] = (samples[sample + red] ?? 0) / white;
    planes[size + pixel] = (samples[sample + green] ?? 0) / white;
    planes[2 * size + pixel] = (samples[sample + blue] ?? 0) / white;
  }
}

/**
 * The enlarged pixels of a tile's inner part, interleaved, rounded and clipped; alpha is left 0. `planes` is what a
 * network makes of the outer part: 3·scale² planes of its size, whose order is that of a pixel shuffle.
 */
export function fromPlanes(
  planes: Float32Array,
  { inner, outer }: Tile,
  scale: number,
  { bands, white }: PixelFormat,
): Samples {
  const width = inner.width * scale;
  const length = width * inner.height * scale * bands;
  // Both round and clip what is written to them; 16 bits have no such array, so that is done below.
  const samples = white === 255 ? new Uint8ClampedArray(length) : new Uint16Array(length);
  const colours = bands < 3 ? 1 : 3;
  const size = outer.width * outer.height;
  for (let colour = 0; colour < colours; colour++) {
    for (let phase = 0; phase < scale ** 2; phase++) {
      const plane = (colour * scale ** 2 + phase) * size;
      const first = (Math.floor(phase / scale) * width + (phase % scale)) * bands + colour;
      for (let y = 0; y < inner.height; y++) {
        let from = plane + (y + inner.top - outer.top) * outer.width + (inner.left - outer.left);
        let to = first + y * scale * width * bands;
        for (let x = 0; x < inner.width; x++, from++, to += scale * bands) {
          const value = (planes[from] ?? 0) * white;
          samples[to] = white === 255 ? value : Math.round(Math.min(Math.max(value, 0), white));
        }
      }
    }
  }
  return samples instanceof Uint8ClampedArray ? new Uint8Array(samples.buffer) : samples;
}
