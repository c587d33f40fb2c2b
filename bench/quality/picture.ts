import sharp from 'sharp';

/** Interleaved samples, 0 to 255, of 1 (grey) or 3 (RGB) channels. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly samples: Float64Array;
}

export async function readPicture(file: string | Buffer): Promise<Picture> {
  const { channels: stored } = await sharp(file).metadata();
  const image = sharp(file)
    .removeAlpha()
    .toColourspace(stored < 3 ? 'b-w' : 'srgb');
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  return { width, height, channels: info.channels === 1 ? 1 : 3, samples: Float64Array.from(data) };
}

export function toPng({ width, height, channels, samples }: Picture): Promise<Buffer> {
  const bytes = Uint8Array.from(samples);
  return sharp(bytes, { raw: { width, height, channels } })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .png()
    .toBuffer();
}

/** Luma of BT.601, 16 to 235; what is grey stays as it is, as published figures have it. */
export function luma({ width, height, channels, samples }: Picture): Picture {
  if (channels === 1) return { width, height, channels, samples };
  const values = Float64Array.from({ length: width * height }, (_, pixel) => {
    const [red = 0, green = 0, blue = 0] = samples.subarray(pixel * 3, pixel * 3 + 3);
    return 16 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255;
  });
  return { width, height, channels: 1, samples: values };
}

export function rounded(picture: Picture): Picture {
  const samples = picture.samples.map(value => Math.min(Math.max(Math.floor(value + 0.5), 0), 255));
  return { ...picture, samples };
}

export function part(
  { width, channels, samples }: Picture,
  region: { left: number; top: number; width: number; height: number },
): Picture {
  const lineLength = region.width * channels;
  const result = new Float64Array(lineLength * region.height);
  for (let y = 0; y < region.height; y++) {
    const from = ((region.top + y) * width + region.left) * channels;
    result.set(samples.subarray(from, from + lineLength), y * lineLength);
  }
  return { width: region.width, height: region.height, channels, samples: result };
}

export function withoutBorder(picture: Picture, border: number): Picture {
  const [width, height] = [picture.width - 2 * border, picture.height - 2 * border];
  return part(picture, { left: border, top: border, width, height });
}

/** The largest part, from the upper left, whose sides are multiples of `scale`. */
export function multipleOf(picture: Picture, scale: number): Picture {
  const [width, height] = [picture.width, picture.height].map(side => side - (side % scale));
  return part(picture, { left: 0, top: 0, width: width ?? 0, height: height ?? 0 });
}
