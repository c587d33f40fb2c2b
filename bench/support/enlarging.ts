import path from 'node:path';
import { Admission } from '../../src/images/admission.ts';
import { Enlargers } from '../../src/images/enlargers.ts';
import type { ModelNetwork } from '../../src/super-resolution/model-library.ts';
import { PixelFile, type PixelLayout } from '../../src/super-resolution/pixel-file.ts';
import { createTiff } from '../../src/super-resolution/tiff-file.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { photo } from '../../test/support/photo.ts';
import { type TemporaryFolder, temporaryFolder } from '../../test/support/temporary-folder.ts';

/** The engine of super-resolution by itself, from pixels in a file to pixels in a file, on so many cores. */
export class Enlarging implements AsyncDisposable {
  readonly source: PixelLayout;
  readonly #folder: TemporaryFolder;
  readonly #enlargers: Enlargers;
  #made = 0;

  private constructor(folder: TemporaryFolder, source: PixelLayout, cores: number) {
    this.#folder = folder;
    this.source = source;
    this.#enlargers = new Enlargers({
      size: cores,
      admission: new Admission(cores, 8 * 2 ** 30),
      maxBytes: 2 ** 30,
      tileMs: 120_000,
      executionProviders: ['cpu'],
      libraryPaths: {},
      logger: createLogger('silent'),
      metrics: new Metrics(),
    });
  }

  static async start(side: number, cores: number): Promise<Enlarging> {
    const folder = await temporaryFolder();
    const layout = { width: side, height: side, bands: 3, bytesPerSample: 1 } as const;
    const source = createTiff(path.join(folder.path, 'source.tif'), layout);
    const samples = await photo(side, side).removeAlpha().raw().toBuffer();
    using file = new PixelFile(source);
    file.write({ left: 0, top: 0, width: side, height: side }, samples);
    return new Enlarging(folder, source, cores);
  }

  /** Milliseconds for each megapixel that was made. */
  async run(network: ModelNetwork): Promise<number> {
    const { width, height, bands, bytesPerSample } = this.source;
    const { scale } = network.card;
    const size = { width: width * scale, height: height * scale, bands, bytesPerSample };
    const target = createTiff(path.join(this.#folder.path, `target-${this.#made++}.tif`), size);
    const started = performance.now();
    await this.#enlargers.enlarge(network, this.source, target, {}, new AbortController().signal, () => {});
    return (performance.now() - started) / ((size.width * size.height) / 1e6);
  }

  get folder(): string {
    return this.#folder.path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#enlargers.stop();
    await this.#folder[Symbol.asyncDispose]();
  }
}
