import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import sharp, { type Sharp } from 'sharp';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { PixelFile } from './pixel-file.ts';
import { createTiff } from './tiff-file.ts';

for (const bands of [1, 2, 3, 4]) {
  for (const bytesPerSample of [1, 2] as const) {
    test(`a decoder reads what was written into a TIFF of ${bands} × ${8 * bytesPerSample} bits`, async () => {
      await using folder = await temporaryFolder();
      const size = { width: 37, height: 131, bands, bytesPerSample };
      const layout = createTiff(path.join(folder.path, 'image.tif'), size);
      const length = size.width * size.height * bands;
      const samples =
        bytesPerSample === 1
          ? Uint8Array.from({ length }, (_, index) => (index * 7) % 256)
          : Uint16Array.from({ length }, (_, index) => (index * 1_003) % 65_536);
      const half = 60;
      using file = new PixelFile(layout);
      const cut = half * size.width * bands;
      file.write({ left: 0, top: half, width: 37, height: 131 - half }, samples.subarray(cut));
      file.write({ left: 0, top: 0, width: 37, height: half }, samples.subarray(0, cut));
      assert.deepEqual(file.read({ left: 0, top: 0, width: 37, height: 131 }), samples);
      const depth = bytesPerSample === 1 ? 'uchar' : 'ushort';
      const decoded = (image: Sharp) => image.raw({ depth }).toBuffer();
      if (bands >= 3) {
        const all = await decoded(sharp(layout.path).toColourspace(bytesPerSample === 1 ? 'srgb' : 'rgb16'));
        assert.deepEqual(new Uint8Array(all), new Uint8Array(samples.buffer));
        return;
      }
      // As raw samples, a grey image would lose its alpha.
      for (const band of [0, 1].slice(0, bands) as (0 | 1)[]) {
        const grey = sharp(layout.path).extractChannel(band);
        const one = await decoded(grey.toColourspace(bytesPerSample === 1 ? 'b-w' : 'grey16'));
        const wanted = samples.filter((_, index) => index % bands === band);
        assert.deepEqual(new Uint8Array(one), new Uint8Array(wanted.buffer));
      }
    });
  }
}

test('a TIFF carries the ICC profile that it is given', async () => {
  await using folder = await temporaryFolder();
  const profile = Uint8Array.from({ length: 301 }, (_, index) => index % 256);
  const size = { width: 3, height: 2, bands: 3, bytesPerSample: 1 } as const;
  const { path: file } = createTiff(path.join(folder.path, 'image.tif'), size, profile);
  const { icc } = await sharp(file).metadata();
  assert.deepEqual(new Uint8Array(icc ?? []), profile);
});
