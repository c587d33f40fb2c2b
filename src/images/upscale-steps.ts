import type { ImageHeader } from './image-header.ts';
import { framesOf } from './limits.ts';
import { type OutputFormat, outputFormat } from './output-options.ts';
import { refuseForAnimation, writeOutput } from './render.ts';
import { describeFailure } from './render-failure.ts';
import type { PreparedPixels, RenderedOutput, RendererRequest } from './renderer-messages.ts';
import { openFile, openSource } from './source-image.ts';
import { applySteps } from './steps.ts';

/** libvips' own format: a header of this length, then the pixels (https://www.libvips.org/API/8.18/file-format.html). */
const pixelsAt = 64;
/** Whose samples mean what the profile says; a network leaves them as they are. */
const ownColours: ReadonlySet<string> = new Set(['srgb', 'rgb', 'b-w', 'rgb16', 'grey16']);
/** Can't hold a profile, so its colours become sRGB first. */
const withoutProfile: ReadonlySet<OutputFormat> = new Set(['gif']);
const deepFormats: ReadonlySet<OutputFormat> = new Set(['png', 'tiff']);

/**
 * Writes the pixels that are to be enlarged: upright, rotated and cropped, 8 or 16 bits, grey or RGB, with or without
 * alpha; in the source's own colours. Throws `TintypeError` alone.
 */
export async function prepareUpscale(
  { source, header, order, pixels }: RendererRequest & { kind: 'prepare-upscale' },
  maxPixels: number,
): Promise<PreparedPixels> {
  const { options } = order;
  const format = outputFormat(options, header.format);
  if (framesOf(header, options) > 1) refuseForAnimation(order);
  try {
    const opened = await openSource(source, header, 1, maxPixels);
    const { space, icc } = await opened.metadata();
    const own = ownColours.has(space) && !withoutProfile.has(format);
    const image = own ? await openSource(source, header, 1, maxPixels, { ignoreIcc: true }) : opened;
    const context = { format, pixels: 0, upright: header.upright === true, grey: header.channels <= 2 };
    const stepped = await applySteps(image, options, context, 'before');
    const deep = isDeep(header, format);
    const { width, height, channels } = await stepped
      .toColourspace(colourspace(header, format))
      .toFile(pixels);
    return {
      layout: {
        path: pixels,
        offset: pixelsAt,
        width,
        height,
        bands: channels,
        bytesPerSample: deep ? 2 : 1,
      },
      ...(own && icc !== undefined && { profile: icc.toString('base64') }),
    };
  } catch (error) {
    throw describeFailure(error, order.name);
  }
}

/** Makes the output of the pixels that were enlarged. Throws `TintypeError` alone. */
export async function finishUpscale({
  header,
  order,
  pixels,
  outputPixels,
}: RendererRequest & { kind: 'finish-upscale' }): Promise<RenderedOutput> {
  const { name, options, watermark } = order;
  const format = outputFormat(options, header.format);
  try {
    const opened = openFile(pixels, 1, false, { ignoreIcc: true });
    const context = {
      format,
      pixels: outputPixels,
      upright: true,
      grey: header.channels <= 2,
      ...(watermark === undefined ? {} : { watermark }),
    };
    const stepped = await applySteps(opened, options, context, 'after');
    const image = stepped.keepIccProfile().toColourspace(colourspace(header, format));
    return await writeOutput(image, order, format);
  } catch (error) {
    throw describeFailure(error, name);
  }
}

/** Whether all 16 bits are kept. */
function isDeep(header: ImageHeader, format: OutputFormat): boolean {
  return header.bytesPerSample === 2 && deepFormats.has(format);
}

function colourspace(header: ImageHeader, format: OutputFormat): string {
  const deep = isDeep(header, format);
  if (header.channels <= 2) return deep ? 'grey16' : 'b-w';
  return deep ? 'rgb16' : 'srgb';
}
