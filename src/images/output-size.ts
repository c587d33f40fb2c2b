import type { OutputOptions } from './output-options.ts';

export interface Size {
  readonly width: number;
  readonly height: number;
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
  const turned = cropped(rotated(source, options.rotate ?? 0), options);
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
