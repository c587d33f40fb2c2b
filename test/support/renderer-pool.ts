import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ImageHeader } from '../../src/images/image-header.ts';
import type { ImageLimits } from '../../src/images/limits.ts';
import type { OutputOptions } from '../../src/images/output-options.ts';
import type { RenderedOutput } from '../../src/images/renderer-messages.ts';
import { RendererPool } from '../../src/images/renderer-pool.ts';
import type { ModelLibrary } from '../../src/super-resolution/model-library.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { imageLimits } from './image-limits.ts';
import { shippedModels } from './models.ts';
import { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts';

const mebibyte = 2 ** 20;

export interface PoolSettings {
  readonly size?: number;
  readonly limits?: Partial<ImageLimits>;
  readonly memoryBytes?: number;
  readonly models?: ModelLibrary;
}

/** A pool of real renderers and a folder for its files; both go with the disposal. */
export class TestPool implements AsyncDisposable {
  readonly pool: RendererPool;
  readonly metrics = new Metrics();
  readonly #folder: TemporaryFolder;
  #outputs = 0;

  private constructor(
    folder: TemporaryFolder,
    { size = 1, limits = {}, memoryBytes = 2048 * mebibyte, models = shippedModels.models }: PoolSettings,
  ) {
    this.#folder = folder;
    this.pool = new RendererPool({
      ...shippedModels,
      models,
      size,
      limits: { ...imageLimits, ...limits },
      memoryBytes,
      logger: createLogger('silent'),
      metrics: this.metrics,
    });
  }

  static async create(settings: PoolSettings = {}): Promise<TestPool> {
    return new TestPool(await temporaryFolder(), settings);
  }

  file(name: string): string {
    return path.join(this.#folder.path, name);
  }

  inspect(source: string): Promise<ImageHeader> {
    return this.pool.inspect(source, new AbortController().signal);
  }

  /** Renders one output from a file; with its path. */
  async render(
    source: string,
    options: OutputOptions,
    { signal = new AbortController().signal, watermark }: { signal?: AbortSignal; watermark?: string } = {},
  ): Promise<RenderedOutput & { path: string }> {
    const target = this.file(`output-${this.#outputs++}`);
    const header = await this.pool.inspect(source, signal);
    const output = { name: 'out', options, target, ...(watermark === undefined ? {} : { watermark }) };
    const [rendered] = await this.pool.render({ source, header, outputs: [output] }, signal);
    if (!rendered) throw new Error('no output');
    return { ...rendered, path: target };
  }

  /** How often renderers were killed, by reason. */
  async kills(reason: string): Promise<number> {
    const { values } = await this.metrics.renderersKilled.get();
    return values.find(value => value.labels.reason === reason)?.value ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool.stop();
    await this.#folder[Symbol.asyncDispose]();
  }
}

/** The process ids of the renderers, or enlargers, that this process started; Linux only. */
export async function rendererPids(kind: 'renderer' | 'enlarger' = 'renderer'): Promise<number[]> {
  const pids: number[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const read = (file: string) => readFile(`/proc/${entry}/${file}`, 'utf8').catch(() => '');
    const [command, stat] = await Promise.all([read('cmdline'), read('stat')]);
    // The fields after the name in brackets: state, parent, …
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ours =
      Number(parent) === process.pid && state !== 'Z' && new RegExp(`${kind}\\.[tj]s\\0`).test(command);
    if (ours) pids.push(Number(entry));
  }
  return pids;
}
