import { rm } from 'node:fs/promises';
import { asOwnStorageFault } from '../errors/storage-fault.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import type { ModelLibrary } from '../super-resolution/model-library.ts';
import type { PixelLayout } from '../super-resolution/pixel-file.ts';
import { createTiff } from '../super-resolution/tiff-file.ts';
import type { Enlargers } from './enlargers.ts';
import type { ImageHeader } from './image-header.ts';
import type { ImageLimits, PlannedOutput } from './limits.ts';
import type { OutputOptions } from './output-options.ts';
import { askedSize, outputSize, pixelsOf, type Size, upscaled, upscaleFactor } from './output-size.ts';
import type { ProcessPool } from './process-pool.ts';
import type {
  PreparedPixels,
  RenderedOutput,
  RendererAnswer,
  RendererRequest,
  RenderOrder,
} from './renderer-messages.ts';
import { checkEnlarged, finishAllowance, prepareAllowance } from './upscale-budget.ts';

export interface UpscalerOptions {
  readonly renderers: ProcessPool<RendererRequest, RendererAnswer>;
  readonly enlargers: Enlargers;
  readonly models: ModelLibrary;
  readonly limits: ImageLimits;
}

/** One output that is to be enlarged. */
export interface Upscale {
  /** A local file. */
  readonly source: string;
  readonly header: ImageHeader;
  readonly order: RenderOrder;
  readonly plan: PlannedOutput;
}

/** Shares of the progress bar. */
const prepared = 0.05;
const enlarged = 0.95;

/** Makes outputs by super-resolution: a renderer decodes, enlargers enlarge tile by tile, a renderer encodes. */
export class Upscaler {
  readonly #options: UpscalerOptions;

  constructor(options: UpscalerOptions) {
    this.#options = options;
  }

  /** Throws what `RendererPool.render` throws. `onProgress` hears a fraction after each batch of tiles. */
  async upscale(
    work: Upscale,
    signal: AbortSignal,
    onProgress: (fraction: number) => void,
  ): Promise<RenderedOutput> {
    const { order } = work;
    await using files = new AsyncDisposableStack();
    const scratch = (name: string) => {
      const path = `${order.target}-${name}`;
      files.defer(() => rm(path, { force: true }));
      return path;
    };
    const small = await this.#prepare(work, scratch('pixels.v'), signal);
    onProgress(prepared);
    const large = await this.#enlarge(work, small, scratch, signal, done =>
      onProgress(prepared + done * (enlarged - prepared)),
    );
    return await this.#finish(work, small.layout, large, signal);
  }

  async #prepare(
    { source, header, order, plan }: Upscale,
    pixels: string,
    signal: AbortSignal,
  ): Promise<PreparedPixels> {
    const request = { kind: 'prepare-upscale', source, header, order, pixels } as const;
    const answer = await this.#options.renderers.ask(request, prepareAllowance(header, plan), signal);
    if (answer.kind !== 'prepared') throw unexpected(answer);
    return answer;
  }

  /** As often as it takes to make it as large as was asked for, or larger. */
  async #enlarge(
    { order: { name, options } }: Upscale,
    { layout, profile }: PreparedPixels,
    scratch: (name: string) => string,
    signal: AbortSignal,
    onProgress: (fraction: number) => void,
  ): Promise<PixelLayout> {
    const { limits, models, enlargers } = this.#options;
    const { upscale } = options;
    if (!upscale) return layout;
    const passes = models.passes(upscale.model, upscaleFactor(layout, options));
    const scale = passes.reduce((product, { card }) => product * card.scale, 1);
    checkEnlarged(name, pixelsOf(layout) * scale ** 2, limits.maxOutputPixels);
    let image = layout;
    for (const [index, network] of passes.entries()) {
      const larger = createFile(scratch(`pass${index + 1}.tif`), image, network.card.scale, profile);
      await enlargers.enlarge(network, image, larger, upscale, signal, done =>
        onProgress((index + done) / passes.length),
      );
      image = larger;
    }
    return image;
  }

  async #finish(
    { header, order, plan }: Upscale,
    small: PixelLayout,
    large: PixelLayout,
    signal: AbortSignal,
  ): Promise<RenderedOutput> {
    const options = finishingOptions(order.options, small, large);
    const request = {
      kind: 'finish-upscale',
      header,
      order: { ...order, options },
      pixels: large.path,
      outputPixels: pixelsOf(outputSize(large, options)),
    } as const;
    const allowance = finishAllowance(header, large, { ...plan, options });
    const answer = await this.#options.renderers.ask(request, allowance, signal);
    const output = answer.kind === 'rendered' ? answer.outputs[0] : undefined;
    if (!output) throw unexpected(answer);
    return output;
  }
}

/** What is left to do: where no size was asked for, the scale says it, which the network may have exceeded. */
function finishingOptions(
  { upscale, autoOrient, rotate, crop, ...options }: OutputOptions,
  small: Size,
  large: Size,
): OutputOptions {
  const { width, height } = askedSize(options);
  if (width !== undefined || height !== undefined || !upscale) return options;
  const size = upscaled(small, { upscale });
  return size.width === large.width && size.height === large.height
    ? options
    : { ...options, ...size, fit: 'fill' };
}

function createFile(
  path: string,
  { width, height, bands, bytesPerSample }: PixelLayout,
  scale: number,
  profile: string | undefined,
): PixelLayout {
  const size = { width: width * scale, height: height * scale, bands, bytesPerSample };
  try {
    return createTiff(path, size, profile === undefined ? undefined : Buffer.from(profile, 'base64'));
  } catch (error) {
    throw TintypeError.from(asOwnStorageFault(error));
  }
}

function unexpected(answer: RendererAnswer): Error {
  return new Error(`A renderer answered "${answer.kind}", which was not asked for.`);
}
