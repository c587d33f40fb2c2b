import type { FailureMessage } from '../errors/failure-message.ts';
import { entryBeside } from '../program/entry-beside.ts';
import { ServingProcess } from '../program/serving-process.ts';
import type { ModelLibrary } from '../super-resolution/model-library.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { Admission } from './admission.ts';
import { Enlargers } from './enlargers.ts';
import { readFileHeader } from './file-header.ts';
import { type ImageHeader, readFormat } from './image-header.ts';
import {
  checkOutputs,
  checkSource,
  type ImageLimits,
  type PlannedOutput,
  renderBytes,
  renderMs,
  timeThatCounts,
} from './limits.ts';
import { ProcessPool } from './process-pool.ts';
import type { RenderedOutput, RendererAnswer, RendererRequest, RenderOrder } from './renderer-messages.ts';
import { Upscaler } from './upscaler.ts';
import { planWatermarks } from './watermark.ts';

export interface RendererPoolOptions {
  /** Renderers at most, each with one image at a time; tiles that are enlarged count as such. */
  readonly size: number;
  readonly limits: ImageLimits;
  /** For all images that are rendered at once. */
  readonly memoryBytes: number;
  readonly models: ModelLibrary;
  /** Of ONNX Runtime. */
  readonly executionProviders: readonly string[];
  readonly libraryPaths: Readonly<Record<string, string>>;
  /** How long one tile may take to be enlarged, in milliseconds. */
  readonly tileMs: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface Render {
  /** A local file. */
  readonly source: string;
  /** As `inspect` told it. */
  readonly header: ImageHeader;
  readonly outputs: readonly RenderOrder[];
}

const inspectBytes = 64 * 2 ** 20;
const inspectMs = 5_000;
/** An SVG has 5 s to be drawn, and 6 in all; one without a size is drawn to find that out. */
const inspectSvgMs = 1_000;

/**
 * For glibc, which would keep freed memory in many arenas, and would get and give back the buffers of every image from
 * and to the system: 4 of 48 ms for three outputs of 6 megapixels.
 */
const environment = {
  VIPS_BLOCK_UNTRUSTED: '1',
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: String(16 * 2 ** 20),
  MALLOC_TRIM_THRESHOLD_: String(32 * 2 ** 20),
};

/** Makes images in processes of their own: renderers decode and encode, enlargers run super-resolution networks. */
export class RendererPool {
  readonly #limits: ImageLimits;
  readonly #renderers: ProcessPool<RendererRequest, RendererAnswer>;
  readonly #enlargers: Enlargers;
  readonly #upscaler: Upscaler;

  constructor(options: RendererPoolOptions) {
    const { limits, logger, metrics } = options;
    this.#limits = limits;
    const admission = new Admission(options.size, options.memoryBytes);
    const settings = {
      allowSvg: limits.allowSvg,
      maxPixels: limits.maxPixels,
      maxRenderBytes: limits.maxRenderBytes,
    };
    const entry = entryBeside('renderer', import.meta.url);
    const start = () =>
      new ServingProcess<RendererRequest, RendererAnswer | FailureMessage>({
        entry,
        settings,
        environment,
        maxBytes: limits.maxRenderBytes,
      });
    this.#renderers = new ProcessPool({ start, admission, logger, metrics });
    this.#enlargers = new Enlargers({ ...options, admission, maxBytes: limits.maxRenderBytes });
    this.#upscaler = new Upscaler({ ...options, renderers: this.#renderers, enlargers: this.#enlargers });
  }

  /** Starts one renderer, so that the first image need not wait for it (0.2 s). */
  warm(): void {
    this.#renderers.warm();
  }

  /**
   * What kind of image a file is, and how large. Decodes nothing; where the first bytes don't tell, a renderer looks.
   * Throws what `readHeader` throws, and what a renderer's end means (`render`).
   */
  async inspect(path: string, signal: AbortSignal): Promise<ImageHeader> {
    const { start, header } = readFileHeader(path);
    // What an SVG says of its size is a guess, and where none is taken nobody has to know better.
    const settled = header && (header.format !== 'svg' || !this.#limits.allowSvg);
    if (settled) return header;
    const format = readFormat(start);
    const request = { kind: 'inspect', source: path, format } as const;
    const ms = format === 'svg' ? inspectSvgMs : inspectMs;
    const allowance = { bytes: inspectBytes, ms, counts: timeThatCounts(format) } as const;
    const answer = await this.#renderers.ask(request, allowance, signal);
    if (answer.kind !== 'inspected') throw unexpected(answer);
    return answer.header;
  }

  /**
   * Makes the outputs' files; who keeps one has to sync it to the disk. `onProgress` hears a fraction after each but
   * the last, and while one is enlarged.
   * Throws `image-too-large`, `output-too-large`, `unsupported-image`, `corrupt-image`, `invalid-output`,
   * `render-timeout`, `render-stalled`, `render-crashed`, `storage-unavailable`, `shutting-down`; when aborted, the
   * signal's reason.
   */
  async render(
    { source, header, outputs }: Render,
    signal: AbortSignal,
    onProgress: (fraction: number) => void = () => {},
  ): Promise<RenderedOutput[]> {
    const limits = this.#limits;
    checkSource(header, limits);
    const planned = await planWatermarks(outputs, limits, path => this.inspect(path, signal));
    checkOutputs(header, planned, limits);
    const rendered: RenderedOutput[] = [];
    const share = (done: number) => onProgress((rendered.length + done) / outputs.length);
    const plain = planned.filter(({ options }) => !options.upscale);
    if (plain.length > 0) {
      const orders = outputs.filter(({ options }) => !options.upscale);
      rendered.push(...(await this.#renderPlain({ source, header, outputs: orders }, plain, signal, share)));
    }
    for (const order of outputs.filter(({ options }) => options.upscale)) {
      if (rendered.length > 0) share(0);
      const plan = planned.find(({ name }) => name === order.name) ?? order;
      rendered.push(await this.#upscaler.upscale({ source, header, order, plan }, signal, share));
    }
    return rendered;
  }

  async #renderPlain(
    { source, header, outputs }: Render,
    planned: readonly PlannedOutput[],
    signal: AbortSignal,
    onProgress: (done: number) => void,
  ): Promise<readonly RenderedOutput[]> {
    const allowance = {
      bytes: renderBytes(header, planned),
      ms: renderMs(header, planned),
      counts: timeThatCounts(header.format),
    } as const;
    const request = { kind: 'render', source, header, outputs } as const;
    const answer = await this.#renderers.ask(request, allowance, signal, done =>
      onProgress(done * outputs.length),
    );
    if (answer.kind !== 'rendered') throw unexpected(answer);
    return answer.outputs;
  }

  /** Ends every process; what was being made is rejected with `shutting-down`. Leaves none. */
  async stop(): Promise<void> {
    await Promise.all([this.#renderers.stop(), this.#enlargers.stop()]);
  }
}

function unexpected(answer: { readonly kind: string }): Error {
  return new Error(`A renderer answered "${answer.kind}", which was not asked for.`);
}
