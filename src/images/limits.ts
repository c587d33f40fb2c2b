import { TintypeError } from '../errors/tintype-error.ts';
import type { ImageHeader } from './image-header.ts';
import { type OutputFormat, type OutputOptions, outputFormat } from './output-options.ts';
import { outputSize, type Size } from './output-size.ts';

export interface ImageLimits {
  /** Of the source, one frame. */
  readonly maxPixels: number;
  /** Of one output, all frames. */
  readonly maxOutputPixels: number;
  /** Memory that one image may take to decode and encode. */
  readonly maxRenderBytes: number;
  readonly allowSvg: boolean;
}

export interface PlannedOutput {
  readonly name: string;
  readonly options: OutputOptions;
  /** Of the image that is laid over it. */
  readonly watermarkHeader?: ImageHeader;
}

const mebibyte = 2 ** 20;
/** What any render takes beyond the pixels: code pages, tables, small buffers. */
const baseBytes = 24 * mebibyte;
/** A streamed image is held in windows: `windowLines` lines in all, or each line of a short image `linesHeldOften` times. */
const windowLines = 2200;
const linesHeldOften = 7.5;
/** What the encoder holds per pixel of the output: measured with sharp 0.35.5 at 12 to 49 megapixels. */
const encodedBytes: Readonly<Record<OutputFormat, number>> = {
  jpeg: 6,
  png: 0.5,
  webp: 5,
  avif: 22,
  gif: 10,
  tiff: 0.5,
};
/** A JPEG with more pixels is coded as it comes: its best code takes all of its coefficients at once, and saves 3 to 5 %. */
export const optimizedJpegPixels = 25_000_000;
/** It is never larger on the output than the output, so what is beyond this is wasted. */
export const maxWatermarkPixels = 25_000_000;
/** Beside a watermark's decoding: the output so far, the watermark fitted to it, and both decoded again, as RGBA. */
export const laidBytesPerPixel = 16;
/** The longest side that the format can hold. */
const longestSides: Readonly<Record<OutputFormat, number>> = {
  jpeg: 65_535,
  png: 10_000_000,
  webp: 16_383,
  avif: 16_384,
  gif: 65_535,
  tiff: 10_000_000,
};

/** Throws `image-too-large`, or `unsupported-image` for an SVG where they are not allowed. */
export function checkSource(header: ImageHeader, limits: ImageLimits): void {
  if (header.format === 'svg' && !limits.allowSvg) {
    throw new TintypeError('unsupported-image', 'SVG images are not allowed here. Send JPEG, PNG or WebP.');
  }
  const pixels = header.width * header.height;
  const is = `The image is ${header.width}×${header.height}`;
  if (pixels > limits.maxPixels) {
    throw new TintypeError(
      'image-too-large',
      `${is}, ${megapixels(pixels)} megapixels; at most ${megapixels(limits.maxPixels)} are allowed.`,
    );
  }
  const bytes = sourceBytes(header, 1);
  if (bytes > limits.maxRenderBytes) {
    throw new TintypeError(
      'image-too-large',
      `${is} and would take about ${mebibytes(bytes)} MiB to decode; at most ${mebibytes(limits.maxRenderBytes)} are allowed.`,
    );
  }
}

/** Throws `invalid-output`, with the output's name, for a watermark that is no picture of pixels or too large. */
export function checkWatermark(header: ImageHeader, output: string, limits: ImageLimits): void {
  const refuse = (message: string): never => {
    throw new TintypeError('invalid-output', message, { output });
  };
  if (header.format === 'svg')
    refuse(`The watermark of the output "${output}" is an SVG; use a PNG or WebP.`);
  const pixels = header.width * header.height;
  const bytes = sourceBytes(header, 1);
  const is = `The watermark of the output "${output}" is ${header.width}×${header.height}`;
  if (pixels > maxWatermarkPixels) {
    refuse(`${is}, ${megapixels(pixels)} megapixels; at most ${megapixels(maxWatermarkPixels)} are allowed.`);
  }
  if (bytes > limits.maxRenderBytes) {
    refuse(
      `${is} and would take about ${mebibytes(bytes)} MiB to decode; at most ${mebibytes(limits.maxRenderBytes)} are allowed.`,
    );
  }
}

/** Throws `output-too-large`, with the output's name. */
export function checkOutputs(
  header: ImageHeader,
  outputs: readonly PlannedOutput[],
  limits: ImageLimits,
): void {
  for (const output of outputs) {
    const refuse = (message: string): never => {
      throw new TintypeError('output-too-large', message, { output: output.name });
    };
    const { width, height } = largerSize(header, output.options);
    const pixels = width * height * framesOf(header, output.options);
    const would = `The output "${output.name}" would be ${width}×${height}`;
    const format = outputFormat(output.options, header.format);
    if (pixels > limits.maxOutputPixels) {
      refuse(
        `${would}, ${megapixels(pixels)} megapixels; at most ${megapixels(limits.maxOutputPixels)} are allowed.`,
      );
    }
    if (Math.max(width, height) > longestSides[format]) {
      refuse(`${would}; a side of ${format} is at most ${longestSides[format]} pixels.`);
    }
    // What is enlarged is made in parts, each with its own budget (`Upscaler`).
    const bytes = output.options.upscale ? 0 : renderBytes(header, [output]);
    if (bytes > limits.maxRenderBytes) {
      refuse(
        `${would} and would take about ${mebibytes(bytes)} MiB to make; at most ${mebibytes(limits.maxRenderBytes)} are allowed.`,
      );
    }
  }
}

/** Bytes of memory that rendering will take at its highest, estimated from above. Outputs are made one by one. */
export function renderBytes(header: ImageHeader, outputs: readonly PlannedOutput[]): number {
  const perOutput = outputs.map(({ options, watermarkHeader }) => {
    const frames = framesOf(header, options);
    const { width, height } = largerSize(header, options);
    const turned =
      options.rotate || options.crop
        ? header.width * header.height * header.channels * header.bytesPerSample
        : 0;
    const encoded = 4 + encodedBytesPerPixel(outputFormat(options, header.format), width * height);
    const laid = watermarkHeader ? sourceBytes(watermarkHeader, 1) + width * height * laidBytesPerPixel : 0;
    return sourceBytes(header, frames) + turned + width * height * frames * encoded + laid;
  });
  return Math.round(Math.max(sourceBytes(header, 1), ...perOutput));
}

/** What an encoder holds per pixel of its image. */
export function encodedBytesPerPixel(format: OutputFormat, pixels: number): number {
  return format === 'jpeg' && pixels > optimizedJpegPixels ? 0.5 : encodedBytes[format];
}

/** Milliseconds for rendering: 5 s for SVG, otherwise 10 s and 2 s a megapixel read or written, of processor time. */
export function renderMs(header: ImageHeader, outputs: readonly PlannedOutput[]): number {
  if (header.format === 'svg') return 5_000;
  const read = Math.max(...outputs.map(({ options }) => framesOf(header, options)), 1);
  const written = outputs.map(({ options }) => {
    const { width, height } = largerSize(header, options);
    return width * height * framesOf(header, options);
  });
  const laid = outputs.map(({ watermarkHeader: each }) => (each ? each.width * each.height : 0));
  const pixels = header.width * header.height * read + sum(written) + sum(laid);
  return Math.round(10_000 + (pixels / 1e6) * 2_000);
}

/** How many frames of the source this output is made of. */
export function framesOf(header: ImageHeader, options: OutputOptions): number {
  const format = outputFormat(options, header.format);
  return options.animated === true && (format === 'gif' || format === 'webp') ? header.pages : 1;
}

/**
 * What decoding holds at once. The factors were measured with sharp 0.35.5 on images of 16 to 49 megapixels;
 * baseline JPEG and plain PNG stream, so they cost a window of lines alone.
 */
export function sourceBytes(header: ImageHeader, frames: number): number {
  const pixels = header.width * header.height;
  const lineBytes = header.width * header.channels * header.bytesPerSample;
  const window = lineBytes * Math.min(windowLines, header.height * frames * linesHeldOften);
  return Math.round(baseBytes + window + heldBytesPerPixel(header) * pixels);
}

function heldBytesPerPixel(header: ImageHeader): number {
  const raw = header.channels * header.bytesPerSample;
  switch (header.format) {
    case 'jpeg':
      // Progressive: all coefficients, two bytes each; 4:2:0 has half as many as pixels times channels, 4:4:4 all.
      return header.interlaced ? 1.5 * header.channels : 0;
    case 'png':
      return header.interlaced ? 1.2 * raw : 0;
    case 'webp':
      return 4;
    case 'avif':
      return 19 * header.bytesPerSample;
    case 'gif':
      return 5.5;
    case 'tiff':
      // One strip may be the whole image.
      return 1.2 * raw;
    case 'svg':
      // Drawn at the outputs' size, whatever size it names.
      return 0;
    default:
      return header.format satisfies never;
  }
}

/** The EXIF orientation is not known from the header: the larger of the two ways to hold it. */
function largerSize(header: ImageHeader, options: OutputOptions): Size {
  const stored = outputSize(header, options);
  const turned = outputSize({ width: header.height, height: header.width }, options);
  return stored.width * stored.height >= turned.width * turned.height ? stored : turned;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, each) => total + each, 0);
}

function megapixels(pixels: number): string {
  return (pixels / 1e6).toLocaleString('en', { maximumFractionDigits: 1 });
}

function mebibytes(bytes: number): string {
  return Math.round(bytes / mebibyte).toLocaleString('en');
}

/** An SVG is a program, which may be meant to hold a renderer: whether it gets a processor or not, it has to go in time. */
export function timeThatCounts(format: ImageHeader['format']): 'processor' | 'elapsed' {
  return format === 'svg' ? 'elapsed' : 'processor';
}
