import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Quality } from '../../src/super-resolution/model-card.ts';
import { psnr, ssim } from './measures.ts';
import { perceptualDistance } from './perceptual-distance.ts';
import { luma, multipleOf, type Picture, readPicture, rounded, withoutBorder } from './picture.ts';
import { resizeBicubic } from './resize.ts';

/** Pictures on which the field measures super-resolution. */
export interface TestSet {
  readonly name: string;
  readonly pictures: readonly Picture[];
}

/** What papers give for cubic interpolation, in dB, by set and scale. */
const published: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  Set5: { 2: 33.66, 4: 28.42 },
  Set14: { 2: 30.24, 4: 26.0 },
};
const tolerance = 0.01;

export async function readTestSet(folder: string): Promise<TestSet> {
  const files = (await readdir(folder)).filter(file => file.endsWith('.png')).sort();
  const pictures = await Promise.all(files.map(file => readPicture(path.join(folder, file))));
  return { name: path.basename(folder), pictures };
}

/** The mean over a set of what `enlarge` makes of each picture's small version. */
export async function measure(
  { pictures }: TestSet,
  scale: number,
  enlarge: (small: Picture) => Promise<Picture> | Picture,
): Promise<Quality> {
  const all: Quality[] = [];
  for (const picture of pictures) {
    const original = multipleOf(picture, scale);
    const made = await enlarge(resizeBicubic(original, 1 / scale, 'rounded'));
    const colours = [original, made].map(each => withoutBorder(each, scale)) as [Picture, Picture];
    const [wanted, found] = colours.map(luma) as [Picture, Picture];
    all.push({
      psnr: psnr(wanted, found),
      ssim: ssim(wanted, found),
      perceptual: await perceptualDistance(...colours),
    });
  }
  return {
    psnr: mean(all.map(each => each.psnr)),
    ssim: mean(all.map(each => each.ssim)),
    perceptual: mean(all.map(each => each.perceptual)),
  };
}

/**
 * Cubic interpolation of luma as the papers did it, whose figure is known: so the measure is theirs too. Throws where it
 * is off by more than 0.01 dB.
 */
export function checkAgainstPapers({ name, pictures }: TestSet, scale: number): number {
  const all = pictures.map(picture => {
    const original = rounded(luma(multipleOf(picture, scale)));
    const small = resizeBicubic(original, 1 / scale, 'exact');
    const made = rounded(resizeBicubic(small, scale, 'exact'));
    return psnr(withoutBorder(original, scale), withoutBorder(made, scale));
  });
  const found = mean(all);
  const wanted = published[name]?.[scale];
  if (wanted === undefined || Math.abs(found - wanted) > tolerance) {
    throw new Error(
      `Cubic interpolation of ${name} ×${scale} gives ${found.toFixed(3)} dB; papers say ${wanted}.`,
    );
  }
  return found;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
