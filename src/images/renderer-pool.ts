import { TintypeError } from '../errors/tintype-error.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { Admission } from './admission.ts';
import { readFileHeader } from './file-header.ts';
import { type ImageHeader, readFormat } from './image-header.ts';
import { checkOutputs, checkSource, type ImageLimits, renderBytes, renderMs } from './limits.ts';
import { tooMuchMemory } from './render-failure.ts';
import type { RenderedOutput, RendererAnswer, RendererRequest, RenderOrder } from './renderer-messages.ts';
import { RendererDied, RendererProcess } from './renderer-process.ts';
import { limitTime, type TimeUp } from './time-limit.ts';
import { planWatermarks } from './watermark.ts';

export interface RendererPoolOptions {
  /** Renderers at most, each with one image at a time. */
  readonly size: number;
  readonly limits: ImageLimits;
  /** For all images that are rendered at once. */
  readonly memoryBytes: number;
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

type KillReason = TimeUp | 'memory' | 'cancelled' | 'crashed';

/** Leaks in decoders stay small when a renderer is replaced now and then. */
const requestsPerRenderer = 2_000;
const inspectBytes = 64 * 2 ** 20;
const inspectMs = 5_000;
/** An SVG has 5 s to be drawn, and 6 in all; one without a size is drawn to find that out. */
const inspectSvgMs = 1_000;
/** After these the decoder's state is not to blame, so the renderer goes on. */
const harmless: ReadonlySet<string> = new Set(['invalid-output', 'output-too-large', 'storage-unavailable']);

/** Persistent renderer processes: started when needed, killed at a limit, replaced when they failed. */
export class RendererPool {
  readonly #options: RendererPoolOptions;
  readonly #admission: Admission;
  readonly #idle: RendererProcess[] = [];
  readonly #all = new Set<RendererProcess>();
  readonly #stopping = new AbortController();

  constructor(options: RendererPoolOptions) {
    this.#options = options;
    this.#admission = new Admission(options.size, options.memoryBytes);
  }

  /** Starts one renderer, so that the first image need not wait for it (0.2 s). */
  warm(): void {
    if (this.#all.size === 0 && !this.#stopping.signal.aborted) this.#idle.push(this.#start());
  }

  /**
   * What kind of image a file is, and how large. Decodes nothing; where the first bytes don't tell, a renderer looks.
   * Throws what `readHeader` throws, and what a renderer's end means (`render`).
   */
  async inspect(path: string, signal: AbortSignal): Promise<ImageHeader> {
    const { start, header } = readFileHeader(path);
    // What an SVG says of its size is a guess, and where none is taken nobody has to know better.
    const settled = header && (header.format !== 'svg' || !this.#options.limits.allowSvg);
    if (settled) return header;
    const format = readFormat(start);
    const request = { kind: 'inspect', source: path, format } as const;
    const ms = format === 'svg' ? inspectSvgMs : inspectMs;
    const answer = await this.#run(request, inspectBytes, ms, signal);
    if (answer.kind !== 'inspected') throw unexpected(answer);
    return answer.header;
  }

  /**
   * Makes the outputs' files; who keeps one has to sync it to the disk. `onProgress` hears a fraction after each but
   * the last.
   * Throws `image-too-large`, `output-too-large`, `unsupported-image`, `corrupt-image`, `invalid-output`,
   * `render-timeout`, `render-stalled`, `render-crashed`, `storage-unavailable`, `shutting-down`; when aborted, the
   * signal's reason.
   */
  async render(
    { source, header, outputs }: Render,
    signal: AbortSignal,
    onProgress?: (fraction: number) => void,
  ): Promise<RenderedOutput[]> {
    checkSource(header, this.#options.limits);
    const { limits } = this.#options;
    const planned = await planWatermarks(outputs, limits, path => this.inspect(path, signal));
    checkOutputs(header, planned, limits);
    const answer = await this.#run(
      { kind: 'render', source, header, outputs },
      renderBytes(header, planned),
      renderMs(header, planned),
      signal,
      onProgress,
    );
    if (answer.kind !== 'rendered') throw unexpected(answer);
    return [...answer.outputs];
  }

  /** Ends every renderer; what was being rendered is rejected with `shutting-down`. Leaves no process. */
  async stop(): Promise<void> {
    this.#stopping.abort(new TintypeError('shutting-down', 'The service is stopping.'));
    await Promise.all([...this.#all].map(renderer => renderer.kill()));
  }

  async #run(
    request: RendererRequest,
    bytes: number,
    ms: number,
    caller: AbortSignal,
    onProgress?: (fraction: number) => void,
  ): Promise<RendererAnswer> {
    const signal = AbortSignal.any([caller, this.#stopping.signal]);
    const leave = await this.#admission.enter(bytes, signal);
    const renderer = this.#idle.pop() ?? this.#start();
    let keep = false;
    try {
      const answer = await this.#askWithin(renderer, request, ms, signal, onProgress);
      keep = answer.kind !== 'failed' || harmless.has(answer.code);
      if (answer.kind === 'failed') throw this.#failure(answer);
      return answer;
    } finally {
      await this.#giveBack(renderer, keep);
      leave();
    }
  }

  /** Asks, and kills the renderer at the end of its time or at the caller's wish. */
  async #askWithin(
    renderer: RendererProcess,
    request: RendererRequest,
    ms: number,
    signal: AbortSignal,
    onProgress?: (fraction: number) => void,
  ): Promise<RendererAnswer> {
    let killed: KillReason | undefined;
    const kill = (reason: KillReason) => {
      killed ??= reason;
      void renderer.kill();
    };
    const cancel = () => kill('cancelled');
    signal.addEventListener('abort', cancel, { once: true });
    let callOff: (() => void) | undefined;
    try {
      signal.throwIfAborted();
      await renderer.ready();
      callOff = limitTime(processorTime(renderer, request), ms, kill);
      return await renderer.ask(request, onProgress);
    } catch (error) {
      if (!(error instanceof RendererDied)) throw error;
      throw this.#explainDeath(error, killed, ms, signal);
    } finally {
      callOff?.();
      signal.removeEventListener('abort', cancel);
    }
  }

  #explainDeath(
    died: RendererDied,
    killed: KillReason | undefined,
    ms: number,
    signal: AbortSignal,
  ): unknown {
    if (killed === 'cancelled') {
      this.#count('cancelled');
      return signal.reason;
    }
    if (killed === 'timeout') {
      this.#count('timeout');
      return new TintypeError('render-timeout', `The image took longer than ${ms / 1000} s to render.`);
    }
    if (killed === 'stalled') {
      this.#count('stalled');
      return new TintypeError('render-stalled', 'The renderer got too little processor time, or hung.');
    }
    if (/allocat|out of memory|bad_alloc/i.test(died.lastWords)) {
      this.#count('memory');
      return new TintypeError('image-too-large', tooMuchMemory(), { cause: died });
    }
    this.#count('crashed');
    this.#options.logger.warn({ lastWords: died.lastWords }, 'a renderer crashed');
    return new TintypeError('render-crashed', 'The renderer crashed on this image.', { cause: died });
  }

  #failure(failed: RendererAnswer & { kind: 'failed' }): TintypeError {
    if (failed.code === 'image-too-large') this.#count('memory');
    return new TintypeError(failed.code, failed.message, {
      ...(failed.cause === undefined ? {} : { cause: new Error(failed.cause) }),
      ...(failed.output === undefined ? {} : { output: failed.output }),
    });
  }

  async #giveBack(renderer: RendererProcess, keep: boolean): Promise<void> {
    const usable = keep && renderer.alive && renderer.requests < requestsPerRenderer;
    if (usable && !this.#stopping.signal.aborted) {
      this.#idle.push(renderer);
      return;
    }
    // Its successor starts meanwhile, and is the last to be taken: most likely nobody has to wait for it.
    if (!this.#stopping.signal.aborted) this.#idle.unshift(this.#start());
    await renderer.kill();
    this.#all.delete(renderer);
  }

  #start(): RendererProcess {
    const { allowSvg, maxPixels, maxRenderBytes } = this.#options.limits;
    const renderer = new RendererProcess({ allowSvg, maxPixels, maxRenderBytes });
    this.#all.add(renderer);
    return renderer;
  }

  #count(reason: KillReason): void {
    this.#options.metrics.renderersKilled.inc({ reason });
  }
}

/** An SVG is a program, which may be meant to hold a renderer: whether it gets a processor or not, it has to go in time. */
function processorTime(renderer: RendererProcess, request: RendererRequest): () => number | undefined {
  const format = request.kind === 'inspect' ? request.format : request.header.format;
  return format === 'svg' ? () => undefined : () => renderer.processorMs();
}

function unexpected(answer: RendererAnswer): Error {
  return new Error(`A renderer answered "${answer.kind}", which was not asked for.`);
}
