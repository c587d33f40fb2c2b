import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import sharp, { type OutputInfo, type Sharp } from 'sharp';
import { TintypeError } from '../errors/tintype-error.ts';
import type { ImageHeader } from './image-header.ts';
import { framesOf } from './limits.ts';
import { contentTypes, outputFormat } from './output-options.ts';
import { describeFailure } from './render-failure.ts';
import type { RenderedOutput, RenderOrder } from './renderer-messages.ts';
import { planSharedDecode } from './shared-decode.ts';
import { openSource } from './source-image.ts';
import { applySteps } from './steps.ts';

export interface RenderJob {
  readonly source: string;
  readonly header: ImageHeader;
  readonly outputs: readonly RenderOrder[];
  /** For what the header does not tell: the size of a drawn SVG. */
  readonly maxPixels: number;
}

/** Makes all outputs of one source, one by one; `onOutput` hears of each. Throws `TintypeError` alone. */
export async function render(job: RenderJob, onOutput: () => void): Promise<RenderedOutput[]> {
  const shared = job.outputs.length > 1 ? await decodeOnce(job) : undefined;
  const rendered: RenderedOutput[] = [];
  for (const order of job.outputs) {
    const source = shared?.outputs.includes(order) ? shared.image.clone() : undefined;
    rendered.push(await renderOutput(job, order, source));
    onOutput();
  }
  return rendered;
}

/** The decoded copy that several outputs are made from; undefined when each does better on its own. */
async function decodeOnce(
  job: RenderJob,
): Promise<{ image: Sharp; outputs: readonly RenderOrder[] } | undefined> {
  try {
    const source = await openSource(job.source, job.header, 1, job.maxPixels);
    const plan = planSharedDecode(job.header, (await source.metadata()).autoOrient, job.outputs);
    if (!plan) return undefined;
    const { data, info } = await source
      .autoOrient()
      .resize({ ...plan.size, fit: 'fill' })
      .raw()
      .toBuffer({ resolveWithObject: true });
    const raw = { width: info.width, height: info.height, channels: info.channels };
    return { image: sharp(data, { raw, limitInputPixels: false }), outputs: plan.outputs };
  } catch (error) {
    throw describeFailure(error);
  }
}

async function renderOutput(job: RenderJob, order: RenderOrder, decoded?: Sharp): Promise<RenderedOutput> {
  const { name, options, target, watermark } = order;
  const format = outputFormat(options, job.header.format);
  const frames = framesOf(job.header, options);
  if (frames > 1) refuseForAnimation(order);
  try {
    const source = decoded ?? (await openSource(job.source, job.header, frames, job.maxPixels));
    const image = await applySteps(source, options, {
      format,
      grey: job.header.channels <= 2,
      ...(watermark === undefined ? {} : { watermark }),
    });
    const info: OutputInfo = await image.toFile(target);
    const { bytes, sha256 } = await syncAndHash(target);
    const height = info.pageHeight ?? info.height;
    return { name, width: info.width, height, bytes, contentType: contentTypes[format], sha256 };
  } catch (error) {
    throw describeFailure(error, name);
  }
}

/** These would treat all frames as one tall picture. */
function refuseForAnimation({ name, options }: RenderOrder): void {
  const impossible = (['rotate', 'flip', 'watermark'] as const).find(field => options[field]);
  if (impossible) {
    throw new TintypeError('invalid-output', `"${impossible}" is not possible while the frames are kept.`, {
      output: name,
    });
  }
}

async function syncAndHash(path: string): Promise<{ bytes: number; sha256: string }> {
  const file = await open(path, 'r+');
  try {
    await file.datasync();
    const hash = createHash('sha256');
    const chunk = Buffer.allocUnsafe(65_536);
    let bytes = 0;
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, bytes);
      if (bytesRead === 0) return { bytes, sha256: hash.digest('hex') };
      hash.update(chunk.subarray(0, bytesRead));
      bytes += bytesRead;
    }
  } finally {
    await file.close();
  }
}
