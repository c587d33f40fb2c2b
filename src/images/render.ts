import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import sharp, { type OutputInfo, type Sharp } from 'sharp';
import { TintypeError } from '../errors/tintype-error.ts';
import type { ImageHeader } from './image-header.ts';
import { framesOf } from './limits.ts';
import { contentTypes, type OutputFormat, outputFormat } from './output-options.ts';
import { outputSize, pixelsOf, type Size } from './output-size.ts';
import { describeFailure } from './render-failure.ts';
import type { RenderedOutput, RenderOrder } from './renderer-messages.ts';
import { planSharedDecode, type SharedCopy } from './shared-decode.ts';
import { openSource } from './source-image.ts';
import { applySteps } from './steps.ts';

export interface RenderJob {
  readonly source: string;
  readonly header: ImageHeader;
  readonly outputs: readonly RenderOrder[];
  /** For what the header does not tell: the size of a drawn SVG. */
  readonly maxPixels: number;
}

/**
 * Makes all outputs of one source, one by one; `onOutput` hears of each. Syncing the files to the disk is left to
 * whoever keeps them. Throws `TintypeError` alone.
 */
export async function render(job: RenderJob, onOutput: () => void): Promise<RenderedOutput[]> {
  const rendered = new Map<RenderOrder, RenderedOutput>();
  const make = async (order: RenderOrder, decoded?: RawPixels) => {
    rendered.set(order, await renderOutput(job, order, decoded));
    onOutput();
  };
  let decoded: RawPixels | undefined;
  for (const copy of await planCopies(job)) {
    decoded = await copyOf(job, decoded, copy.size);
    for (const order of copy.outputs) await make(order, decoded);
  }
  decoded = undefined;
  for (const order of job.outputs) if (!rendered.has(order)) await make(order);
  return job.outputs.flatMap(order => rendered.get(order) ?? []);
}

/** Decoded pixels: 8-bit sRGB or grey, upright. */
interface RawPixels {
  readonly data: Buffer;
  readonly raw: { readonly width: number; readonly height: number; readonly channels: 1 | 2 | 3 | 4 };
}

async function planCopies(job: RenderJob): Promise<SharedCopy<RenderOrder>[]> {
  if (job.outputs.length < 2) return [];
  try {
    const source = await openSource(job.source, job.header, 1, job.maxPixels);
    return planSharedDecode(job.header, (await source.metadata()).autoOrient, job.outputs);
  } catch (error) {
    throw describeFailure(error);
  }
}

/** A smaller copy of the one before, or of the source. */
async function copyOf(job: RenderJob, before: RawPixels | undefined, size: Size): Promise<RawPixels> {
  try {
    const from = before ? fromRaw(before) : await openSource(job.source, job.header, 1, job.maxPixels);
    const { data, info } = await from
      .autoOrient()
      .resize({ ...size, fit: 'fill' })
      .raw()
      .toBuffer({ resolveWithObject: true });
    return { data, raw: { width: info.width, height: info.height, channels: info.channels } };
  } catch (error) {
    throw describeFailure(error);
  }
}

/** A new pipeline each time: sharp's `clone` would copy the pixels. */
function fromRaw({ data, raw }: RawPixels): Sharp {
  return sharp(data, { raw, limitInputPixels: false });
}

async function renderOutput(
  job: RenderJob,
  order: RenderOrder,
  decoded?: RawPixels,
): Promise<RenderedOutput> {
  const { name, options, watermark } = order;
  const format = outputFormat(options, job.header.format);
  const frames = framesOf(job.header, options);
  if (frames > 1) refuseForAnimation(order);
  try {
    const source = decoded
      ? fromRaw(decoded)
      : await openSource(job.source, job.header, frames, job.maxPixels);
    const image = await applySteps(source, options, {
      format,
      pixels: pixelsOf(outputSize(job.header, options)),
      upright: decoded !== undefined || job.header.upright === true,
      grey: job.header.channels <= 2,
      ...(watermark === undefined ? {} : { watermark }),
    });
    return await writeOutput(image, order, format);
  } catch (error) {
    throw describeFailure(error, name);
  }
}

/** Throws what sharp throws. */
export async function writeOutput(
  image: Sharp,
  { name, target }: RenderOrder,
  format: OutputFormat,
): Promise<RenderedOutput> {
  const info: OutputInfo = await image.toFile(target);
  const { bytes, sha256 } = hashFile(target);
  const height = info.pageHeight ?? info.height;
  return { name, width: info.width, height, bytes, contentType: contentTypes[format], sha256 };
}

/** These would treat all frames as one tall picture. */
export function refuseForAnimation({ name, options }: RenderOrder): void {
  const impossible = (['rotate', 'flip', 'watermark', 'upscale'] as const).find(field => options[field]);
  if (impossible) {
    throw new TintypeError('invalid-output', `"${impossible}" is not possible while the frames are kept.`, {
      output: name,
    });
  }
}

/**
 * Synchronous, because nobody else waits in this process, and a thread's turn for each call costs more than the call.
 */
function hashFile(path: string): { bytes: number; sha256: string } {
  const file = openSync(path, 'r');
  try {
    const hash = createHash('sha256');
    const chunk = Buffer.allocUnsafe(65_536);
    for (let bytes = 0; ; ) {
      const bytesRead = readSync(file, chunk, 0, chunk.length, bytes);
      if (bytesRead === 0) return { bytes, sha256: hash.digest('hex') };
      hash.update(chunk.subarray(0, bytesRead));
      bytes += bytesRead;
    }
  } finally {
    closeSync(file);
  }
}
