import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { TintypeError } from '../errors/tintype-error.ts';
import type { Downloader } from '../fetch/download.ts';
import { extensions, type OutputOptions, outputFormat } from '../images/output-options.ts';
import type { RenderedOutput, RendererPool } from '../images/renderer-pool.ts';
import { attemptPrefix, type Claim } from '../jobs/attempt-store.ts';
import type { Source, StoredOutput } from '../jobs/job.ts';
import type { LocalFile, ObjectStore } from '../jobs/object-store.ts';
import { uploadKey } from '../jobs/upload-store.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** What an attempt works with. */
export interface AttemptParts {
  readonly objects: ObjectStore;
  readonly downloader: Downloader;
  readonly renderers: RendererPool;
  readonly metrics: Metrics;
}

/** Shares of the progress bar. */
const fetched = 0.3;
const rendered = 0.95;

/**
 * One try at one job: has its source as a file, renders its outputs, and stores them under the attempt's own prefix.
 * Throws what is wrong with the image, the address or our stores; nothing stays behind then.
 * `onProgress` gets a fraction that only grows, from 0 to 1.
 */
export async function attemptJob(
  claim: Claim,
  parts: AttemptParts,
  signal: AbortSignal,
  onProgress: (fraction: number) => void,
): Promise<StoredOutput[]> {
  const { metrics } = parts;
  const folder = path.join(parts.objects.scratch, randomUUID());
  await using cleanup = new AsyncDisposableStack();
  const source = await timed(metrics, 'fetch', async () => {
    const file = await openSource(claim.job.source, folder, parts, signal, part =>
      onProgress(part * fetched),
    );
    return cleanup.use(file);
  });
  onProgress(fetched);
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const targets = await timed(metrics, 'render', () =>
    renderOutputs(claim, source.path, folder, parts, signal, part =>
      onProgress(fetched + part * (rendered - fetched)),
    ),
  );
  onProgress(rendered);
  // Awaited here: the files must not be cleared away before they are stored.
  return await timed(metrics, 'store', () => storeOutputs(claim, targets, parts.objects, signal));
}

/** The original as a file: the store's own, or downloaded into `folder`. */
async function openSource(
  source: Source,
  folder: string,
  { objects, downloader }: AttemptParts,
  signal: AbortSignal,
  onProgress: (fraction: number) => void,
): Promise<LocalFile> {
  if ('upload' in source) return objects.localFile(uploadKey(source.upload), signal);
  if ('object' in source) return objects.localFile(source.object, signal);
  await mkdir(folder, { recursive: true });
  const target = path.join(folder, 'source');
  await downloader.download(source.url, target, signal, onProgress);
  return { path: target, [Symbol.asyncDispose]: () => rm(target, { force: true }) };
}

interface Target {
  readonly output: RenderedOutput;
  readonly path: string;
  readonly extension: string;
}

async function renderOutputs(
  claim: Claim,
  source: string,
  folder: string,
  { renderers, objects }: AttemptParts,
  signal: AbortSignal,
  onProgress: (fraction: number) => void,
): Promise<Target[]> {
  const header = await renderers.inspect(source, signal);
  const wanted = claim.job.outputs.map(({ name, options }) => ({ name, options: options as OutputOptions }));
  await mkdir(folder, { recursive: true });
  await using watermarks = new AsyncDisposableStack();
  const tasks = [];
  for (const { name, options } of wanted) {
    const extension = extensions[outputFormat(options, header.format)][0];
    const task = { name, options, extension, target: path.join(folder, `${name}.${extension}`) };
    if (options.watermark === undefined) tasks.push(task);
    else {
      const file = watermarks.use(await objects.localFile(options.watermark.object, signal));
      tasks.push({ ...task, watermark: file.path });
    }
  }
  const results = await renderers.render({ source, header, outputs: tasks }, signal, onProgress);
  return tasks.map(({ name, target, extension }) => {
    const output = results.find(result => result.name === name);
    if (output === undefined) throw new TintypeError('internal', `The renderer made no output '${name}'.`);
    return { output, path: target, extension };
  });
}

/** Puts the finished files into the store; if that fails or is called off, takes out what is there already. */
async function storeOutputs(
  claim: Claim,
  targets: readonly Target[],
  objects: ObjectStore,
  signal: AbortSignal,
): Promise<StoredOutput[]> {
  const prefix = attemptPrefix({ jobId: claim.job.id, attempt: claim.attempt });
  const stored: StoredOutput[] = [];
  try {
    for (const { output, path: file, extension } of targets) {
      signal.throwIfAborted();
      const key = `${prefix}${output.name}.${extension}`;
      await objects.adopt(key, file);
      stored.push({ ...output, key });
    }
    return stored;
  } catch (error) {
    await objects.delete(stored.map(({ key }) => key));
    throw error;
  }
}

async function timed<T>(metrics: Metrics, stage: string, work: () => Promise<T>): Promise<T> {
  const stop = metrics.stageSeconds.startTimer({ stage });
  try {
    return await work();
  } finally {
    stop();
  }
}
