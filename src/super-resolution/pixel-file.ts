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

  read(region: Region): Samples {
    const { bands, bytesPerSample } = this.layout;
    const length = region.width * region.height * bands;
    const samples = bytesPerSample === 1 ? new Uint8Array(length) : new Uint16Array(length);
    this.#eachLine(region, samples, (line, position) => readFully(this.#file, line, position));
    return samples;
  }

  write(region: Region, samples: Samples): void {
    this.#eachLine(region, samples, (line, position) => writeFully(this.#file, line, position));
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
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
