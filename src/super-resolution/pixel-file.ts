import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import type { Region } from './tiles.ts';

/** Of one pixel, interleaved as in the file. */
export type Samples = Uint8Array | Uint16Array;

/** The format's header: https://www.libvips.org/API/8.18/file-format.html; little-endian, pixels, then metadata. */
const headerBytes = 64;
const magic = 0x08_f2_a6_b6;
const widthAt = 4;
const heightAt = 8;
const bandsAt = 12;
const sampleFormatAt = 20;
const uchar = 0;
const ushort = 2;

/**
 * An uncompressed image in libvips' own format (`.v`): pixels can be read and written anywhere, and the metadata (ICC
 * profile, EXIF, …) is a text behind them that is copied as it stands. Synchronous: its process has nothing else to do.
 */
export class PixelFile implements Disposable {
  readonly width: number;
  readonly height: number;
  readonly bands: number;
  readonly bytesPerSample: 1 | 2;
  readonly #file: number;
  readonly #header: Buffer;

  private constructor(file: number, header: Buffer) {
    const format = header.readUInt32LE(sampleFormatAt);
    if (header.readUInt32LE(0) !== magic || (format !== uchar && format !== ushort)) {
      throw new Error('This is no file of 8-bit or 16-bit pixels in the format of libvips.');
    }
    this.#file = file;
    this.#header = header;
    this.width = header.readUInt32LE(widthAt);
    this.height = header.readUInt32LE(heightAt);
    this.bands = header.readUInt32LE(bandsAt);
    this.bytesPerSample = format === uchar ? 1 : 2;
  }

  /** Throws what the file system throws, and an `Error` for a file of another kind. */
  static open(path: string): PixelFile {
    const file = openSync(path, 'r+');
    const header = Buffer.alloc(headerBytes);
    readFully(file, header, 0);
    return new PixelFile(file, header);
  }

  /** A file `scale` times as large, with the same metadata; its pixels are black until they are written. */
  createEnlarged(path: string, scale: number): void {
    const header = Buffer.from(this.#header);
    header.writeUInt32LE(this.width * scale, widthAt);
    header.writeUInt32LE(this.height * scale, heightAt);
    const end = headerBytes + this.#pixelBytes();
    const metadata = Buffer.alloc(fstatSync(this.#file).size - end);
    readFully(this.#file, metadata, end);
    const file = openSync(path, 'wx');
    try {
      writeFully(file, header, 0);
      writeFully(file, metadata, headerBytes + this.#pixelBytes() * scale ** 2);
    } finally {
      closeSync(file);
    }
  }

  read(region: Region): Samples {
    const samples = this.#samples(region.width * region.height * this.bands);
    const bytes = bytesOf(samples);
    const lineBytes = region.width * this.bands * this.bytesPerSample;
    for (let line = 0; line < region.height; line++) {
      const part = bytes.subarray(line * lineBytes, (line + 1) * lineBytes);
      readFully(this.#file, part, this.#position(region.left, region.top + line));
    }
    return samples;
  }

  write(region: Region, samples: Samples): void {
    const bytes = bytesOf(samples);
    const lineBytes = region.width * this.bands * this.bytesPerSample;
    for (let line = 0; line < region.height; line++) {
      const part = bytes.subarray(line * lineBytes, (line + 1) * lineBytes);
      writeFully(this.#file, part, this.#position(region.left, region.top + line));
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }

  #samples(length: number): Samples {
    return this.bytesPerSample === 1 ? new Uint8Array(length) : new Uint16Array(length);
  }

  #pixelBytes(): number {
    return this.width * this.height * this.bands * this.bytesPerSample;
  }

  #position(left: number, top: number): number {
    return headerBytes + (top * this.width + left) * this.bands * this.bytesPerSample;
  }
}

function bytesOf(samples: Samples): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}

function readFully(file: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    const read = readSync(file, bytes, done, bytes.length - done, position + done);
    if (read === 0) throw new Error('The file of pixels ends too early.');
    done += read;
  }
}

function writeFully(file: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(file, bytes, done, bytes.length - done, position + done);
  }
}
