import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import type { Region } from './tiles.ts';

/** Where the uncompressed, interleaved pixels of an image stand in a file. Several bytes are little-endian. */
export interface PixelLayout {
  readonly path: string;
  /** Of the first pixel, in bytes. */
  readonly offset: number;
  readonly width: number;
  readonly height: number;
  /** 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha. */
  readonly bands: number;
  readonly bytesPerSample: 1 | 2;
}

/** Samples of pixels, interleaved as in the file. */
export type Samples = Uint8Array | Uint16Array;

/** Parts of an image that is too large for the memory. Synchronous: its process has nothing else to do. */
export class PixelFile implements Disposable {
  readonly layout: PixelLayout;
  readonly #file: number;

  /** Throws what the file system throws. */
  constructor(layout: PixelLayout) {
    this.layout = layout;
    this.#file = openSync(layout.path, 'r+');
  }

  /** Beyond the image lie the pixels of its edge, again and again. */
  read(region: Region): Samples {
    const inside = within(region, this.layout);
    const samples = this.#samples(inside);
    this.#eachLine(inside, samples, (line, position) => readFully(this.#file, line, position));
    if (inside.width === region.width && inside.height === region.height) return samples;
    const extended = this.#samples(region);
    const { bands } = this.layout;
    for (let y = 0; y < region.height; y++) {
      const line = clamp(region.top + y - inside.top, inside.height) * inside.width;
      for (let x = 0; x < region.width; x++) {
        const from = (line + clamp(region.left + x - inside.left, inside.width)) * bands;
        const to = (y * region.width + x) * bands;
        for (let band = 0; band < bands; band++) extended[to + band] = samples[from + band] ?? 0;
      }
    }
    return extended;
  }

  write(region: Region, samples: Samples): void {
    this.#eachLine(region, samples, (line, position) => writeFully(this.#file, line, position));
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }

  #samples({ width, height }: Region): Samples {
    const length = width * height * this.layout.bands;
    return this.layout.bytesPerSample === 1 ? new Uint8Array(length) : new Uint16Array(length);
  }

  #eachLine(region: Region, samples: Samples, use: (line: Uint8Array, position: number) => void): void {
    const { offset, width, bands, bytesPerSample } = this.layout;
    const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
    const pixelBytes = bands * bytesPerSample;
    const lineBytes = region.width * pixelBytes;
    for (let line = 0; line < region.height; line++) {
      const position = offset + ((region.top + line) * width + region.left) * pixelBytes;
      use(bytes.subarray(line * lineBytes, (line + 1) * lineBytes), position);
    }
  }
}

/** The part of a region that lies in the image, which it touches. */
function within({ left, top, width, height }: Region, image: PixelLayout): Region {
  const [fromX, fromY] = [Math.max(0, left), Math.max(0, top)];
  return {
    left: fromX,
    top: fromY,
    width: Math.min(image.width, left + width) - fromX,
    height: Math.min(image.height, top + height) - fromY,
  };
}

function clamp(index: number, length: number): number {
  return Math.min(Math.max(index, 0), length - 1);
}

function readFully(file: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    const read = readSync(file, bytes, done, bytes.length - done, position + done);
    if (read === 0) throw new Error('The file of pixels ends too early.');
    done += read;
  }
}

/** Also where a call writes less than it was given, as on a disk that is nearly full. */
export function writeFully(file: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(file, bytes, done, bytes.length - done, position + done);
  }
}
