import type { Picture } from './picture.ts';

/** Peak signal-to-noise ratio of 8-bit samples, in dB. */
export function psnr(original: Picture, made: Picture): number {
  let sum = 0;
  for (const [index, value] of original.samples.entries()) sum += (value - (made.samples[index] ?? 0)) ** 2;
  return 10 * Math.log10(255 ** 2 / (sum / original.samples.length));
}

/** Z. Wang et al., "Image quality assessment: from error visibility to structural similarity", 2004. */
const window = 11;
const sigma = 1.5;
const c1 = (0.01 * 255) ** 2;
const c2 = (0.03 * 255) ** 2;

/** Structural similarity, 0 to 1: the mean over all places where the Gauss window lies inside the image. */
export function ssim(one: Picture, other: Picture): number {
  const mean = (samples: (index: number) => number) =>
    blurred({ ...one, samples: one.samples.map((_, i) => samples(i)) });
  const [a, b] = [(index: number) => one.samples[index] ?? 0, (index: number) => other.samples[index] ?? 0];
  const meanA = mean(a);
  const meanB = mean(b);
  const squareA = mean(index => a(index) ** 2);
  const squareB = mean(index => b(index) ** 2);
  const product = mean(index => a(index) * b(index));
  const all = meanA.map((first, index) => {
    const second = meanB[index] ?? 0;
    const varianceA = (squareA[index] ?? 0) - first ** 2;
    const varianceB = (squareB[index] ?? 0) - second ** 2;
    const covariance = (product[index] ?? 0) - first * second;
    return (
      ((2 * first * second + c1) * (2 * covariance + c2)) /
      ((first ** 2 + second ** 2 + c1) * (varianceA + varianceB + c2))
    );
  });
  return all.reduce((sum, each) => sum + each, 0) / all.length;
}

/** Weighted means under the window, wherever it fits. */
function blurred({ width, height, samples }: Picture): Float64Array {
  const bell = Array.from({ length: window }, (_, tap) =>
    Math.exp(-((tap - (window - 1) / 2) ** 2) / (2 * sigma ** 2)),
  );
  const total = bell.reduce((sum, each) => sum + each, 0);
  const shares = bell.map(each => each / total);
  const [innerWidth, innerHeight] = [width - window + 1, height - window + 1];
  const across = new Float64Array(innerWidth * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < innerWidth; x++) {
      let sum = 0;
      for (const [tap, share] of shares.entries()) sum += share * (samples[y * width + x + tap] ?? 0);
      across[y * innerWidth + x] = sum;
    }
  }
  const result = new Float64Array(innerWidth * innerHeight);
  for (let y = 0; y < innerHeight; y++) {
    for (let x = 0; x < innerWidth; x++) {
      let sum = 0;
      for (const [tap, share] of shares.entries()) sum += share * (across[(y + tap) * innerWidth + x] ?? 0);
      result[y * innerWidth + x] = sum;
    }
  }
  return result;
}
