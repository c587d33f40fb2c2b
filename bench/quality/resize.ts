import { type Picture, rounded } from './picture.ts';

/**
 * A picture made smaller as the field's benchmarks do (MATLAB's `imresize`, bicubic, antialiased): Keys' cubic with
 * a = −0.5, as wide as the picture shrinks; rows first, then columns. With `steps` each of the two is rounded.
 */
export function resizeBicubic(picture: Picture, scale: number, steps: 'rounded' | 'exact'): Picture {
  const finish = (result: Picture) => (steps === 'rounded' ? rounded(result) : result);
  return finish(resizeAcross(finish(resizeDown(picture, scale)), scale));
}

/** What one new pixel takes of which old ones. */
interface Weights {
  readonly from: number;
  readonly shares: readonly number[];
}

function weights(length: number, scale: number): Weights[] {
  const shrink = Math.min(scale, 1);
  const reach = Math.ceil(2 / shrink);
  return Array.from({ length: Math.ceil(length * scale) }, (_, index) => {
    const centre = (index + 0.5) / scale - 0.5;
    const from = Math.floor(centre) - reach;
    const shares = Array.from({ length: 2 * reach + 2 }, (_, tap) => cubic((centre - from - tap) * shrink));
    const sum = shares.reduce((total, share) => total + share, 0);
    return { from, shares: shares.map(share => share / sum) };
  });
}

function cubic(signed: number): number {
  const distance = Math.abs(signed);
  if (distance <= 1) return 1.5 * distance ** 3 - 2.5 * distance ** 2 + 1;
  if (distance < 2) return -0.5 * distance ** 3 + 2.5 * distance ** 2 - 4 * distance + 2;
  return 0;
}

function resizeDown(picture: Picture, scale: number): Picture {
  const { width, height, channels } = picture;
  const rows = weights(height, scale);
  const lineLength = width * channels;
  const samples = new Float64Array(rows.length * lineLength);
  for (const [y, { from, shares }] of rows.entries()) {
    for (const [tap, share] of shares.entries()) {
      const line = within(from + tap, height) * lineLength;
      for (let sample = 0; sample < lineLength; sample++) {
        const to = y * lineLength + sample;
        samples[to] = (samples[to] ?? 0) + share * (picture.samples[line + sample] ?? 0);
      }
    }
  }
  return { width, height: rows.length, channels, samples };
}

function resizeAcross(picture: Picture, scale: number): Picture {
  const { width, height, channels } = picture;
  const columns = weights(width, scale);
  const samples = new Float64Array(columns.length * height * channels);
  for (let y = 0; y < height; y++) {
    for (const [x, { from, shares }] of columns.entries()) {
      for (const [tap, share] of shares.entries()) {
        const pixel = (y * width + within(from + tap, width)) * channels;
        for (let channel = 0; channel < channels; channel++) {
          const to = (y * columns.length + x) * channels + channel;
          samples[to] = (samples[to] ?? 0) + share * (picture.samples[pixel + channel] ?? 0);
        }
      }
    }
  }
  return { width: columns.length, height, channels, samples };
}

function within(index: number, length: number): number {
  return Math.min(Math.max(index, 0), length - 1);
}
