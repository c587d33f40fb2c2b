import { TintypeError } from '../errors/tintype-error.ts';
import type { ImageHeader } from './image-header.ts';
import { checkWatermark, type ImageLimits, type PlannedOutput } from './limits.ts';
import type { RenderOrder } from './renderer-messages.ts';

/**
 * The outputs with the headers of their watermarks, which are inspected like a source: their pixels take memory too.
 * Throws `invalid-output` with the output's name for a watermark that is no image or too large.
 */
export async function planWatermarks(
  outputs: readonly RenderOrder[],
  limits: ImageLimits,
  inspect: (path: string) => Promise<ImageHeader>,
): Promise<PlannedOutput[]> {
  const planned: PlannedOutput[] = [];
  for (const { name, options, watermark } of outputs) {
    if (watermark === undefined) {
      planned.push({ name, options });
      continue;
    }
    const watermarkHeader = await inspect(watermark).catch(error => refuse(error, name));
    checkWatermark(watermarkHeader, name, limits);
    planned.push({ name, options, watermarkHeader });
  }
  return planned;
}

/** What is wrong with a watermark is the output's fault, not the source's; anything else is passed on. */
function refuse(error: unknown, output: string): never {
  if (error instanceof TintypeError && error.status >= 400 && error.status < 500) {
    throw new TintypeError('invalid-output', `The watermark can’t be used. ${error.message}`, {
      cause: error,
      output,
    });
  }
  throw error;
}
