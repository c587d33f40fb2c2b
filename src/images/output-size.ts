import { defaultScale, largestScale } from '../super-resolution/model-names.ts';
import type { OutputOptions } from './output-options.ts';

export interface Size {
  readonly width: number;
  readonly height: number;
}

export function pixelsOf({ width, height }: Size): number {
  return width * height;
}

/** The box that was asked for; a side that was left open is undefined. */
export function askedSize(options: OutputOptions): Partial<Size> {
  const [width, height] =
    options.size === undefined
      ? [options.width, options.height]
      : options.size.split('x').map(side => (side === '' ? undefined : Number(side)));
  return { ...(width === undefined ? {} : { width }), ...(height === undefined ? {} : { height }) };
}

/**
 * By how much the whole picture is enlarged (above 1) or reduced to fill the box, with sharp's meaning of `fit`;
 * of the two sides the larger factor. 1 where no size was asked for.
 */
export function scaleFor(source: Size, options: OutputOptions): number {
  const { width, height } = askedSize(options);
  const factors = [
    ...(width === undefined ? [] : [width / source.width]),
    ...(height === undefined ? [] : [height / source.height]),
  ];
  if (factors.length === 0) return 1;
  const keepsAll = options.fit === 'inside' || options.fit === 'contain';
  const scale = keepsAll ? Math.min(...factors) : Math.max(...factors);
  return options.withoutEnlargement === true ? Math.min(scale, 1) : scale;
}

/** The size that an output of this source gets, to a pixel or so; the source is upright. */
export function outputSize(source: Size, options: OutputOptions): Size {
  const turned = upscaled(cropped(rotated(source, options.rotate ?? 0), options), options);
  const asked = askedSize(options);
  const scale = scaleFor(turned, options);
  const scaled = { width: Math.round(turned.width * scale), height: Math.round(turned.height * scale) };
  if (asked.width === undefined || asked.height === undefined) return atLeastOne(scaled);
  if (options.fit === 'inside' || options.fit === 'outside') return atLeastOne(scaled);
  if (options.withoutEnlargement !== true || options.fit === 'contain') {
    return { width: asked.width, height: asked.height };
  }
  return { width: Math.min(asked.width, turned.width), height: Math.min(asked.height, turned.height) };
}

/**
 * How many times a picture is to be enlarged before it is resized: as was asked, else as the asked size needs, else as
 * the model is made for.
 */
export function upscaleFactor(picture: Size, options: OutputOptions): number {
  if (!options.upscale) return 1;
  const { model, scale } = options.upscale;
  if (scale !== undefined) return scale;
  const { width, height } = askedSize(options);
  if (width === undefined && height === undefined) return defaultScale(model);
  const needed = scaleFor(picture, { ...options, withoutEnlargement: false });
  return Math.min(Math.max(needed, 1), largestScale);
}

/** A picture's size once it is enlarged. */
export function upscaled(picture: Size, options: OutputOptions): Size {
  const factor = upscaleFactor(picture, options);
  return { width: Math.round(picture.width * factor), height: Math.round(picture.height * factor) };
}

/** The box around the picture once it is turned. */
function rotated(source: Size, degrees: number): Size {
  const radians = (degrees * Math.PI) / 180;
  const sine = Math.abs(Math.sin(radians));
  const cosine = Math.abs(Math.cos(radians));
  return {
    width: Math.round(source.width * cosine + source.height * sine),
    height: Math.round(source.width * sine + source.height * cosine),
  };
}

function cropped(source: Size, options: OutputOptions): Size {
  return options.crop ?? source;
}

function atLeastOne(size: Size): Size {
  return { width: Math.max(1, size.width), height: Math.max(1, size.height) };
}
