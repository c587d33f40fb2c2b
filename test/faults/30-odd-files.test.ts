import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { TintypeError } from '../../src/errors/tintype-error.ts';
import { heicStart } from '../support/crafted-images.ts';
import { assertNear, difference, firstPixel, firstStoredPixel, smallPixels } from '../support/pixels.ts';
import { decodePng } from '../support/png-decoder.ts';
import { TestPool } from '../support/renderer-pool.ts';
import { testData } from '../support/test-data.ts';
import { fault } from './fault.ts';

const row = {
  row: '30',
  fault:
    'good but odd files: PngSuite, all orientations, CMYK, profiles, 16 bit, greyscale with alpha, animated, HEIC',
  mustShow: 'right pixels; HEIC says unsupported, never corrupt',
  inTests: { everyNth: 4 },
  full: { everyNth: 1 },
};

fault(row, async ({ everyNth }, report) => {
  await using renderers = await TestPool.create({ size: 2 });
  const pngSuite = testData('PngSuite', 'images', 'pngsuite');
  const photos = testData('the orientation photos', 'images', 'exif-orientation');
  if (pngSuite) {
    report('PngSuite, right pixels', await goodPngs(renderers, pngSuite, everyNth));
    report('PngSuite, damaged', await brokenPngs(renderers, pngSuite));
  }
  if (photos) {
    for (const kind of ['Landscape', 'Portrait']) await orientations(renderers, photos, kind);
    report('photos upright', 18);
  }
  const kinds = [cmyk, profile, sixteenBits, greyWithAlpha, animated, heic];
  for (const check of kinds) await check(renderers);
  report('other kinds', kinds.length);
});

async function goodPngs(renderers: TestPool, folder: string, everyNth: number): Promise<number> {
  const files = (await readdir(folder)).filter(name => /^[^x].*\.png$/.test(name));
  assert.equal(files.length, 161);
  const some = files.filter((_, index) => index % everyNth === 0);
  for (const name of some) {
    const file = path.join(folder, name);
    const expected = decodePng(await readFile(file));
    const output = await renderers.render(file, {});
    const found = decodePng(await readFile(output.path));
    assert.deepEqual([output.width, output.height], [expected.width, expected.height], name);
    const { largest } = difference(expected, found);
    assert.ok(largest <= 1, `${name}: ${largest}`);
  }
  return some.length;
}

async function brokenPngs(renderers: TestPool, folder: string): Promise<number> {
  const files = (await readdir(folder)).filter(name => /^x.*\.png$/.test(name));
  assert.equal(files.length, 14);
  for (const name of files) {
    await assert.rejects(renderers.render(path.join(folder, name), {}), (error: unknown) => {
      assert.ok(error instanceof TintypeError, name);
      assert.equal(error.code, 'corrupt-image', name);
      assert.ok(!error.message.includes('/'), error.message);
      return true;
    });
  }
  return files.length;
}

/** Nine photos of the same: without a tag, and with each of the eight. */
async function orientations(renderers: TestPool, folder: string, kind: string): Promise<void> {
  const reference = await smallPixels(path.join(folder, `${kind}_1.jpg`));
  for (let orientation = 0; orientation <= 8; orientation++) {
    const source = path.join(folder, `${kind}_${orientation}.jpg`);
    const output = await renderers.render(source, { width: 300, format: 'png' });
    const found = await smallPixels(output.path);
    assert.deepEqual([found.width, found.height], [reference.width, reference.height]);
    // Each photo was compressed anew and shows its own number.
    const { mean } = difference(reference, found);
    assert.ok(mean < 6, `${orientation}: ${mean}`);
    assert.equal((await sharp(output.path).metadata()).orientation, undefined);
  }
  const turned = path.join(folder, `${kind}_6.jpg`);
  const upright = await sharp((await renderers.render(turned, { keepMetadata: true })).path).metadata();
  assert.equal(upright.orientation ?? 1, 1);
  assert.equal(upright.width > upright.height, kind === 'Landscape');
  const stored = await renderers.render(turned, { keepMetadata: true, autoOrient: false });
  assert.equal((await sharp(stored.path).metadata()).orientation, 6);
}

/** It becomes the sRGB that its profile means. */
async function cmyk(renderers: TestPool): Promise<void> {
  const source = renderers.file('cmyk.jpg');
  await sharp({ create: { width: 40, height: 30, channels: 3, background: '#c83214' } })
    .withIccProfile('cmyk')
    .toColourspace('cmyk')
    .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
    .toFile(source);
  assert.equal((await renderers.inspect(source)).channels, 4);
  for (const keepMetadata of [false, true]) {
    const output = await renderers.render(source, { format: 'png', keepMetadata });
    assertNear(await firstPixel(output.path), [200, 50, 20], 14);
  }
}

async function profile(renderers: TestPool): Promise<void> {
  const source = renderers.file('p3.png');
  await sharp({ create: { width: 40, height: 30, channels: 3, background: '#c83214' } })
    .withIccProfile('p3')
    .png()
    .toFile(source);
  assert.notDeepEqual(await firstStoredPixel(source), [200, 50, 20]);
  const output = await renderers.render(source, {});
  assertNear(await firstStoredPixel(output.path), [200, 50, 20], 3);
}

async function sixteenBits(renderers: TestPool): Promise<void> {
  const grey = new Uint16Array(32 * 8).map((_, index) => (index % 32) * 2114);
  const source = renderers.file('grey16.png');
  await sharp(grey, { raw: { width: 32, height: 8, channels: 1 } })
    .toColourspace('grey16')
    .png()
    .toFile(source);
  assert.equal((await renderers.inspect(source)).bytesPerSample, 2);
  const output = await renderers.render(source, {});
  const { rgba } = decodePng(await readFile(output.path));
  for (let x = 0; x < 32; x++) assertNear([rgba[x * 4] ?? 0], [Math.round((x * 2114) / 257)], 1);
}

/** It stays what it is; for JPEG it lies on white. */
async function greyWithAlpha(renderers: TestPool): Promise<void> {
  const source = renderers.file('grey-alpha.png');
  const halfClear = Buffer.from(Array.from({ length: 64 }, () => [0, 128]).flat());
  await sharp(halfClear, { raw: { width: 8, height: 8, channels: 2 } })
    .toColourspace('b-w')
    .png()
    .toFile(source);
  const kept = await renderers.render(source, {});
  assert.deepEqual([...decodePng(await readFile(kept.path)).rgba.subarray(0, 4)], [0, 0, 0, 128]);
  const flat = await renderers.render(source, { format: 'jpeg' });
  assertNear(await firstPixel(flat.path), [127, 127, 127], 2);
  const onRed = await renderers.render(source, { background: 'red', format: 'png' });
  assertNear(await firstPixel(onRed.path), [127, 0, 0], 2);
}

/** All frames if asked for, else the first. */
async function animated(renderers: TestPool): Promise<void> {
  const frames = await Promise.all(
    ['red', 'lime', 'blue'].map(background =>
      sharp({ create: { width: 40, height: 30, channels: 3, background } })
        .png()
        .toBuffer(),
    ),
  );
  for (const format of ['gif', 'webp'] as const) {
    const source = renderers.file(`animated.${format}`);
    await sharp(frames, { join: { animated: true } })
      .toFormat(format)
      .toFile(source);
    assert.equal((await renderers.inspect(source)).pages, 3);
    const still = await renderers.render(source, { size: '20x20' });
    assert.equal((await sharp(still.path).metadata()).pages ?? 1, 1);
    const moving = await renderers.render(source, { size: '20x10', animated: true });
    const { pages, pageHeight } = await sharp(moving.path, { pages: -1 }).metadata();
    assert.deepEqual({ pages, pageHeight, height: moving.height }, { pages: 3, pageHeight: 10, height: 10 });
    await assert.rejects(renderers.render(source, { animated: true, rotate: 90 }), {
      code: 'invalid-output',
      output: 'out',
    });
  }
}

async function heic(renderers: TestPool): Promise<void> {
  const source = renderers.file('photo.heic');
  await writeFile(source, heicStart());
  await assert.rejects(renderers.render(source, {}), { code: 'unsupported-image', message: /^HEIC/ });
}
