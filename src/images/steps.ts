import sharp, { type Sharp } from 'sharp';
import { TintypeError } from '../errors/tintype-error.ts';
import { type Colour, onWhite, parseColour } from './colour.ts';
import { maxWatermarkPixels, optimizedJpegPixels } from './limits.ts';
import { type OperationName, operations } from './operations.ts';
import type { OutputFormat, OutputOptions } from './output-options.ts';
import { askedSize, type Size } from './output-size.ts';
import { openFile } from './source-image.ts';

export interface StepContext {
  /** Nothing to turn. */
  readonly upright: boolean;
  readonly format: OutputFormat;
  /** About how many pixels the output will have. */
  readonly pixels: number;
  /** The source has no colours of its own. */
  readonly grey: boolean;
  /** The file of the watermark. */
  readonly watermark?: string;
}

type Step = (image: Sharp, options: OutputOptions, context: StepContext) => Sharp | Promise<Sharp>;

const clear: Colour = { r: 255, g: 255, b: 255, alpha: 0 };

/** Frames are chosen when the source is opened; to enlarge takes another process (`Upscaler`). */
type StepName = Exclude<OperationName, 'frames' | 'upscale'>;

/** How each operation of the table is applied. */
const steps: Readonly<Record<StepName, Step>> = {
  orient: (image, options, { upright }) =>
    upright || options.autoOrient === false ? image : image.autoOrient(),
  rotate: (image, { rotate, ...options }, context) =>
    rotate ? image.rotate(rotate, { background: fill(options, context) }) : image,
  crop: (image, { crop }) => (crop ? image.extract(crop) : image),
  resize,
  mirror,
  grayscale: (image, { grayscale }) => (grayscale ? image.grayscale() : image),
  blur: (image, { blur }) => (blur ? image.blur(blur === true ? undefined : blur) : image),
  sharpen: (image, { sharpen }) => {
    if (!sharpen) return image;
    return sharpen === true ? image.sharpen() : image.sharpen({ sigma: sharpen });
  },
  watermark: layWatermark,
  background: (image, options, context) => {
    const background = fill(options, context);
    const flat = background.alpha === 1 ? image.flatten({ background }) : image;
    // A grey image would get the background in grey.
    return context.grey && !isGrey(background) ? flat.pipelineColourspace('srgb') : flat;
  },
  metadata: (image, options) => (options.keepMetadata ? keepMetadata(image) : image),
  encode,
};

const names = (Object.keys(operations) as OperationName[]).filter(name => name !== 'frames');
const upscaleAt = names.indexOf('upscale');
const before = names.slice(0, upscaleAt) as StepName[];
const after = names.slice(upscaleAt + 1) as StepName[];

/** Which steps an image still needs: all, or those before it is enlarged, or those after that. */
const parts = { all: [...before, ...after], before, after };

/** Puts the steps of one output onto an image, in the table's order. */
export async function applySteps(
  source: Sharp,
  options: OutputOptions,
  context: StepContext,
  part: keyof typeof parts = 'all',
): Promise<Sharp> {
  let image = source;
  for (const name of parts[part]) image = await steps[name](image, options, context);
  return image;
}

function resize(image: Sharp, options: OutputOptions, context: StepContext): Sharp {
  const { width, height } = askedSize(options);
  if (width === undefined && height === undefined) return image;
  return image.resize({
    ...(width === undefined ? {} : { width }),
    ...(height === undefined ? {} : { height }),
    fit: options.fit ?? 'cover',
    position: options.position ?? 'centre',
    withoutEnlargement: options.withoutEnlargement ?? false,
    background: fill(options, context),
  });
}

/** sharp mirrors before it rotates or looks at `position`, whatever the order of the calls: so that is made final first. */
async function mirror(image: Sharp, options: OutputOptions): Promise<Sharp> {
  if (!options.flip && !options.flop) return image;
  const upright = options.rotate || options.position ? await settle(image, options) : image;
  return upright.flip(options.flip ?? false).flop(options.flop ?? false);
}

/** The watermark must not be larger than the image, whose size is known only once it was made. */
async function layWatermark(image: Sharp, options: OutputOptions, context: StepContext): Promise<Sharp> {
  if (!options.watermark || context.watermark === undefined) return image;
  const base = await settle(image, options);
  const { width, height } = await base.metadata();
  const input = await readWatermark(context.watermark, { width, height }, options.watermark.opacity ?? 1);
  return base.composite([{ input, gravity: options.watermark.position ?? 'southeast' }]);
}

/** Throws `invalid-output`: that file is not the source. */
async function readWatermark(path: string, largest: Size, opacity: number): Promise<Buffer> {
  const veil = Buffer.from([255, 255, 255, Math.round(opacity * 255)]);
  try {
    return await openFile(path, 1, maxWatermarkPixels)
      .autoOrient()
      .resize({ ...largest, fit: 'inside', withoutEnlargement: true })
      .ensureAlpha()
      .composite([{ input: veil, raw: { width: 1, height: 1, channels: 4 }, tile: true, blend: 'dest-in' }])
      .png({ compressionLevel: 0 })
      .toBuffer();
  } catch (error) {
    throw new TintypeError('invalid-output', 'The watermark is no image that can be laid over another.', {
      cause: error,
    });
  }
}

/** What was asked for so far, done: as an image to go on from. PNG, because it can carry the metadata. */
async function settle(image: Sharp, options: OutputOptions): Promise<Sharp> {
  const kept = options.keepMetadata ? keepMetadata(image) : image;
  return sharp(await kept.png({ compressionLevel: 0 }).toBuffer(), { limitInputPixels: false });
}

function encode(image: Sharp, options: OutputOptions, context: StepContext): Sharp {
  const quality = options.quality === undefined ? {} : { quality: options.quality };
  switch (context.format) {
    case 'jpeg':
      return image.jpeg({ ...quality, optimizeCoding: context.pixels <= optimizedJpegPixels });
    case 'png':
      // A quality would mean a palette to sharp, which 100 does not ask for.
      return image.png(options.quality === 100 ? {} : quality);
    case 'webp':
      return image.webp(quality);
    case 'avif':
      return image.avif(quality);
    case 'gif':
      return image.gif();
    case 'tiff':
      return image.tiff({ compression: 'deflate', predictor: 'horizontal' });
    default:
      return context.format satisfies never;
  }
}

/** The colour behind the image and around it. JPEG can't be transparent, so there it lies on white. */
function fill({ background }: OutputOptions, { format }: StepContext): Colour {
  const asked = typeof background === 'string' ? parseColour(background) : background;
  const colour = { alpha: 1, ...(asked ?? clear) };
  return format === 'jpeg' ? onWhite(colour) : colour;
}

function isGrey({ r, g, b }: Colour): boolean {
  return r === g && g === b;
}

/** The colours become sRGB all the same, and the profile says so. */
function keepMetadata(image: Sharp): Sharp {
  return image.keepMetadata().withIccProfile('srgb');
}
