import { writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import type { ModelCard, Quality } from '../../src/super-resolution/model-card.ts';
import { ModelLibrary, type Precision } from '../../src/super-resolution/model-library.ts';
import { TestPool } from '../../test/support/renderer-pool.ts';
import { type Picture, readPicture, toPng } from './picture.ts';
import { resizeBicubic } from './resize.ts';
import { measure, type TestSet } from './test-sets.ts';

/** Quality of the JPEG files from which networks are to be freed of noise. */
const jpegQuality = 30;

/** By test set, with three digits. */
export async function measureNetwork(
  card: ModelCard,
  sets: readonly TestSet[],
): Promise<Pick<ModelCard, 'quality' | 'int8Quality' | 'jpegQuality' | 'bicubicJpegQuality'>> {
  const inSets = (enlarge: (small: Picture) => Promise<Picture>) => eachSet(sets, card.scale, enlarge);
  const quality = await withNetwork(card, 'float32', enlarge => inSets(enlarge));
  const fromJpeg = await withNetwork(card, 'float32', enlarge =>
    inSets(async small => enlarge(await compressed(small))),
  );
  const bicubic = await inSets(async small => resizeBicubic(await compressed(small), card.scale, 'rounded'));
  return {
    quality,
    ...(card.files.int8 !== undefined && {
      int8Quality: await withNetwork(card, 'int8', enlarge => inSets(enlarge)),
    }),
    jpegQuality: fromJpeg,
    bicubicJpegQuality: bicubic,
  };
}

/** Enlarges as a job does. */
export async function withNetwork<Result>(
  { name, scale }: ModelCard,
  precision: Precision,
  use: (enlarge: (small: Picture) => Promise<Picture>) => Promise<Result>,
): Promise<Result> {
  const models = new ModelLibrary({ importedFolder: '/nowhere', precision });
  await using pool = await TestPool.create({ size: 2, models });
  return await use(async small => {
    const source = pool.file('small.png');
    await writeFile(source, await toPng(small));
    const { path } = await pool.render(source, { upscale: { model: name, scale }, format: 'png' });
    return readPicture(path);
  });
}

async function compressed(picture: Picture): Promise<Picture> {
  return readPicture(
    await sharp(await toPng(picture))
      .jpeg({ quality: jpegQuality })
      .toBuffer(),
  );
}

/** With three digits. */
export async function eachSet(
  sets: readonly TestSet[],
  scale: number,
  enlarge: (small: Picture) => Promise<Picture> | Picture,
): Promise<Record<string, Quality>> {
  const figures: Record<string, Quality> = {};
  for (const set of sets) {
    const { psnr, ssim, perceptual } = await measure(set, scale, enlarge);
    figures[set.name] = {
      psnr: Number(psnr.toFixed(3)),
      ssim: Number(ssim.toFixed(4)),
      perceptual: Number(perceptual.toFixed(3)),
    };
  }
  return figures;
}
