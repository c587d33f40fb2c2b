import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import type { Plant } from '../../src/leaf/plants.ts';

export interface LeafPhoto {
  readonly jpeg: Buffer;
  readonly plant: Plant;
  readonly disease: string;
}

/** Of the photos of anything, one of so many was kept from the training: `tested_every` in training/leaf_photos.py. */
const testedEvery = 4;
const smallestSide = 256;

/** PlantVillage's photos that nothing was learnt from: those whose split is `test`. */
export async function testLeaves(folder: string): Promise<LeafPhoto[]> {
  const [head = '', ...lines] = (await readFile(path.join(folder, 'manifest.csv'), 'utf8'))
    .trim()
    .split('\n');
  const columns = head.trim().split(',');
  const rows = lines.map(line => {
    const cells = line.split(',');
    return (name: string) => cells[columns.indexOf(name)] ?? '';
  });
  const tested = rows.filter(cell => cell('split') === 'test');
  return await Promise.all(
    tested.map(async cell => ({
      jpeg: await readFile(path.join(folder, cell('file'))),
      plant: cell('plant') as Plant,
      disease: cell('class'),
    })),
  );
}

/** Photos of anything but a leaf before a background, as JPEG, that nothing was learnt from. */
export async function testOthers(folder: string): Promise<Buffer[]> {
  const files = await imagesIn(path.join(folder, 'train'));
  const kept = files.filter((_, index) => index % testedEvery === 0);
  const more = await Promise.all(['Set5', 'Set14'].map(set => imagesIn(path.join(folder, set))));
  const photos = await Promise.all([...kept, ...more.flat()].map(asJpeg));
  return photos.filter(photo => photo !== undefined);
}

/** In the order of Python's paths, which compares part by part. */
async function imagesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  const images = names.filter(name => /\.(jpg|bmp|png)$/.test(name));
  const parts = (name: string) => name.split(path.sep).join('\u0000');
  return images
    .toSorted((one, other) => (parts(one) < parts(other) ? -1 : 1))
    .map(name => path.join(folder, name));
}

async function asJpeg(file: string): Promise<Buffer | undefined> {
  const { width, height } = await sharp(file).metadata();
  if (Math.min(width, height) < smallestSide) return undefined;
  return await sharp(file).jpeg({ quality: 95 }).toBuffer();
}
