import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { TintypeError } from '../errors/tintype-error.ts';
import type { Downloader } from '../fetch/download.ts';
import { extensions, type OutputOptions, outputFormat } from '../images/output-options.ts';
import type { RendererPool } from '../images/renderer-pool.ts';
import { attemptPrefix, type Claim, type SourceSize } from '../jobs/attempt-store.ts';
import type { Source, StoredOutput } from '../jobs/job.ts';
import type { LocalFile, ObjectStore } from '../jobs/object-store.ts';
import { uploadKey } from '../jobs/upload-store.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** What an attempt works with. */
export interface AttemptParts {
  readonly objects: Pick<ObjectStore, 'scratch' | 'localFile' | 'adopt' | 'delete'>;
  readonly downloader: Pick<Downloader, 'download'>;
  readonly renderers: Pick<RendererPool, 'inspect' | 'render'>;
  readonly metrics: Metrics;
}

/** Shares of the progress bar. */
const fetched = 0.3;
const rendered = 0.95;

/**
 * One try at one job: has its source as a file, renders its outputs, and stores them under the attempt's own prefix.
 * Resolves to them, and to how much there was to read.
 * Throws what is wrong with the image, the address or our stores; nothing stays behind then.
 * `onProgress` gets a fraction that only grows, from 0 to 1.
 */
export async function attemptJob(
  claim: Claim,
  parts: AttemptParts,
  signal: AbortSignal,
  onProgress: (fraction: number) => void,
): Promise<{ outputs: StoredOutput[]; read: SourceSize }> {
  const { metrics } = parts;
  // Of this attempt's files in the scratch folder, which has no folder of its own: making and removing one costs more
  // than everything else that is done to a small file.
  const scratch = path.join(parts.objects.scratch, randomUUID());
  await using source = await timed(metrics, 'fetch', () =>
    openSource(claim.job.source, `${scratch}-source`, parts, signal, part => onProgress(part * fetched)),
  );
  onProgress(fetched);
  const { files, read } = await timed(metrics, 'render', () =>
    renderOutputs(claim, source.path, scratch, parts, signal, part =>
      onProgress(fetched + part * (rendered - fetched)),
    ),
  );
  onProgress(rendered);
  const outputs = await timed(metrics, 'store', () => storeOutputs(files, parts.objects, signal));
  return { outputs, read };
}

/** The original as a file: the store's own, or downloaded to `target`. */
async function openSource(
  source: Source,
  target: string,
  { objects, downloader }: AttemptParts,
  signal: AbortSignal,
  onProgress: (fraction: number) => void,
): Promise<LocalFile> {
  if ('upload' in source) return objects.localFile(uploadKey(source.upload), signal);
  if ('object' in source) return objects.localFile(source.object, signal);
  await downloader.download(source.url, target, signal, onProgress);
  return { path: target, [Symbol.asyncDispose]: () => rm(target, { force: true }) };
}

/** A finished file and what it is to become. */
interface RenderedFile {
  readonly path: string;
  readonly stored: StoredOutput;
}

async function renderOutputs(
  claim: Claim,
  source: string,
  scratch: string,
  { renderers, objects }: AttemptParts,
  signal: AbortSignal,
  onProgress: (fraction: number) => void,
): Promise<{ files: RenderedFile[]; read: SourceSize }> {
  const header = await renderers.inspect(source, signal);
  const prefix = attemptPrefix({ jobId: claim.job.id, attempt: claim.attempt });
  await using watermarks = new AsyncDisposableStack();
  const tasks = [];
  for (const output of claim.job.outputs) {
    const { name } = output;
    const options = output.options as OutputOptions;
    const file = `${name}.${extensions[outputFormat(options, header.format)][0]}`;
    const task = { name, options, target: `${scratch}-${file}`, key: `${prefix}${file}` };
    if (options.watermark === undefined) tasks.push(task);
    else {
      const watermark = watermarks.use(await objects.localFile(options.watermark.object, signal));
      tasks.push({ ...task, watermark: watermark.path });
    }
  }
  try {
    const results = await renderers.render({ source, header, outputs: tasks }, signal, onProgress);
    const files = tasks.map(({ name, target, key }) => {
      const output = results.find(result => result.name === name);
      if (output === undefined) throw new TintypeError('internal', `The renderer made no output '${name}'.`);
      return { path: target, stored: { ...output, key } };
    });
    // At once, as the header is read: the file is in the system's cache.
    const { size: bytes } = statSync(source);
    return { files, read: { bytes, pixels: header.width * header.height * header.pages } };
  } catch (error) {
    await removeFiles(tasks.map(({ target }) => target));
    throw error;
  }
}

/** Puts the finished files into the store; if that fails or is called off, nothing of them stays anywhere. */
async function storeOutputs(
  files: readonly RenderedFile[],
  objects: AttemptParts['objects'],
  signal: AbortSignal,
): Promise<StoredOutput[]> {
  const adopted = signal.aborted
    ? [Promise.reject(signal.reason)]
    : files.map(({ path, stored }) => objects.adopt(stored.key, path));
  const failed = (await Promise.allSettled(adopted)).find(result => result.status === 'rejected');
  if (failed === undefined) return files.map(({ stored }) => stored);
  await removeFiles(files.map(({ path }) => path));
  await objects.delete(files.map(({ stored }) => stored.key));
  throw failed.reason;
}

async function removeFiles(files: readonly string[]): Promise<void> {
  await Promise.all(files.map(file => rm(file, { force: true })));
}

async function timed<T>(metrics: Metrics, stage: string, work: () => Promise<T>): Promise<T> {
  const stop = metrics.stageSeconds.startTimer({ stage });
  try {
    return await work();
  } finally {
    stop();
  }
}
