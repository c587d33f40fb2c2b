import { TintypeError } from '../errors/tintype-error.ts';
import type { PixelLayout } from '../super-resolution/pixel-file.ts';
import type { ImageHeader } from './image-header.ts';
import {
  encodedBytesPerPixel,
  laidBytesPerPixel,
  type PlannedOutput,
  renderBytes,
  renderMs,
  sourceBytes,
  timeThatCounts,
} from './limits.ts';
import { type OutputOptions, outputFormat } from './output-options.ts';
import { askedSize, outputSize, pixelsOf } from './output-size.ts';
import type { Allowance } from './process-pool.ts';

/** What it takes to write the pixels that are to be enlarged. */
export function prepareAllowance(header: ImageHeader, { name, options }: PlannedOutput): Allowance {
  const { rotate, crop } = options;
  const whole: OutputOptions = {
    format: 'tiff',
    ...(rotate !== undefined && { rotate }),
    ...(crop !== undefined && { crop }),
  };
  const plan = [{ name, options: whole }];
  return {
    bytes: renderBytes(header, plan),
    ms: renderMs(header, plan),
    counts: timeThatCounts(header.format),
  };
}

/** What it takes to make an output of pixels that were enlarged: they are read line by line. */
export function finishAllowance(
  header: ImageHeader,
  { width, height, bands, bytesPerSample }: PixelLayout,
  { options, watermarkHeader }: PlannedOutput,
): Allowance {
  const enlarged: ImageHeader = {
    format: 'png',
    width,
    height,
    pages: 1,
    channels: bands,
    bytesPerSample,
    interlaced: false,
  };
  const size = outputSize(enlarged, options);
  const asked = askedSize(options);
  const isResized = asked.width !== undefined || asked.height !== undefined;
  const encoded = encodedBytesPerPixel(outputFormat(options, header.format), pixelsOf(size));
  const laid = watermarkHeader ? renderBytes(watermarkHeader, []) + pixelsOf(size) * laidBytesPerPixel : 0;
  return {
    bytes: Math.round(sourceBytes(enlarged, 1) + pixelsOf(size) * (encoded + (isResized ? 4 : 0)) + laid),
    ms: 10_000 + ((width * height + pixelsOf(size)) / 1e6) * 2_000,
    counts: 'processor',
  };
}

/** Throws `output-too-large`. */
export function checkEnlarged(output: string, pixels: number, maxOutputPixels: number): void {
  if (pixels <= maxOutputPixels) return;
  const [made, most] = [pixels, maxOutputPixels].map(each => Math.round(each / 1e6).toLocaleString('en'));
  throw new TintypeError(
    'output-too-large',
    `The model would enlarge the output "${output}" to ${made} megapixels; at most ${most} are allowed.`,
    { output },
  );
}
