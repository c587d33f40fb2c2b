import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import sharp from 'sharp';
import { TintypeError } from '../../src/errors/tintype-error.ts';
import { decodePng, type Pixels } from '../support/png-decoder.ts';
import { TestPool } from '../support/renderer-pool.ts';
import { testData } from '../support/test-data.ts';

let renderers: TestPool;
before(async () => {
  renderers = await TestPool.create({ size: 2 });
});
after(() => renderers[Symbol.asyncDispose]());

const pngSuite = testData('PngSuite', 'images', 'pngsuite');
const photos = testData('the orientation photos', 'images', 'exif-orientation');

if (pngSuite) {
  describe('PngSuite', () => {
    it('gives the pixels of all 161 good files', async () => {
      const files = (await readdir(pngSuite)).filter(name => /^[^x].*\.png$/.test(name));
      assert.equal(files.length, 161);
      for (const name of files) {
        const file = path.join(pngSuite, name);
        const expected = decodePng(await readFile(file));
        const output = await renderers.render(file, {});
        const found = decodePng(await readFile(output.path));
        assert.deepEqual([output.width, output.height], [expected.width, expected.height], name);
        assert.ok(
          difference(expected, found).largest <= 1,
          `${name}: ${difference(expected, found).largest}`,
        );
      }
    });

    it('says of its 14 broken files that they are damaged', async () => {
      const files = (await readdir(pngSuite)).filter(name => /^x.*\.png$/.test(name));
      assert.equal(files.length, 14);
      for (const name of files) {
        await assert.rejects(renderers.render(path.join(pngSuite, name), {}), (error: unknown) => {
          assert.ok(error instanceof TintypeError, name);
          assert.equal(error.code, 'corrupt-image', name);
          assert.ok(!error.message.includes('/'), error.message);
          return true;
        });
      }
    });
  });
}

if (photos) {
  describe('EXIF orientation', () => {
    for (const kind of ['Landscape', 'Portrait']) {
      it(`turns all nine ${kind} photos upright, and drops the tag`, async () => {
        const reference = await smallPixels(path.join(photos, `${kind}_1.jpg`));
        for (let orientation = 0; orientation <= 8; orientation++) {
          const source = path.join(photos, `${kind}_${orientation}.jpg`);
          const output = await renderers.render(source, { width: 300, format: 'png' });
          const found = await smallPixels(output.path);
          assert.deepEqual([found.width, found.height], [reference.width, reference.height]);
          // Each photo was compressed anew and shows its own number.
          assert.ok(
            difference(reference, found).mean < 6,
            `${orientation}: ${difference(reference, found).mean}`,
          );
          assert.equal((await sharp(output.path).metadata()).orientation, undefined);
        }
      });
    }

    it('keeps the tag out of step with nothing when metadata is kept', async () => {
      const source = path.join(photos, 'Landscape_6.jpg');
      const upright = await renderers.render(source, { keepMetadata: true });
      const metadata = await sharp(upright.path).metadata();
      assert.equal(metadata.orientation ?? 1, 1);
      assert.ok(metadata.width > metadata.height);
      const stored = await renderers.render(source, { keepMetadata: true, autoOrient: false });
      assert.equal((await sharp(stored.path).metadata()).orientation, 6);
    });
  });
}

describe('colours', () => {
  it('turns CMYK into the sRGB that its profile means', async () => {
    const source = renderers.file('cmyk.jpg');
    await sharp({ create: { width: 40, height: 30, channels: 3, background: '#c83214' } })
      .withIccProfile('cmyk')
      .toColourspace('cmyk')
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .toFile(source);
    assert.equal((await renderers.inspect(source)).channels, 4);
    for (const keepMetadata of [false, true]) {
      const output = await renderers.render(source, { format: 'png', keepMetadata });
      near(await firstPixel(output.path), [200, 50, 20], 14);
    }
  });

  it('honours a colour profile', async () => {
    const source = renderers.file('p3.png');
    await sharp({ create: { width: 40, height: 30, channels: 3, background: '#c83214' } })
      .withIccProfile('p3')
      .png()
      .toFile(source);
    assert.notDeepEqual(await firstStoredPixel(source), [200, 50, 20]);
    const output = await renderers.render(source, {});
    near(await firstStoredPixel(output.path), [200, 50, 20], 3);
  });

  it('scales 16 bits to 8, grey and colour', async () => {
    const grey = new Uint16Array(32 * 8).map((_, index) => (index % 32) * 2114);
    const source = renderers.file('grey16.png');
    await sharp(grey, { raw: { width: 32, height: 8, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toFile(source);
    assert.equal((await renderers.inspect(source)).bytesPerSample, 2);
    const output = await renderers.render(source, {});
    const { rgba } = decodePng(await readFile(output.path));
    for (let x = 0; x < 32; x++) near([rgba[x * 4] ?? 0], [Math.round((x * 2114) / 257)], 1);
  });

  it('keeps greyscale with alpha, and lays it on white for JPEG', async () => {
    const source = renderers.file('grey-alpha.png');
    const halfClear = Buffer.from(Array.from({ length: 64 }, () => [0, 128]).flat());
    await sharp(halfClear, { raw: { width: 8, height: 8, channels: 2 } })
      .toColourspace('b-w')
      .png()
      .toFile(source);
    const kept = await renderers.render(source, {});
    assert.deepEqual([...decodePng(await readFile(kept.path)).rgba.subarray(0, 4)], [0, 0, 0, 128]);
    const flat = await renderers.render(source, { format: 'jpeg' });
    near(await firstPixel(flat.path), [127, 127, 127], 2);
    const onRed = await renderers.render(source, { background: 'red', format: 'png' });
    near(await firstPixel(onRed.path), [127, 0, 0], 2);
  });
});

describe('geometry', () => {
  /** Red, green over blue, white: each quarter 20×10. */
  async function quarters(): Promise<string> {
    const file = renderers.file('quarters.png');
    const part = (background: string) => ({
      create: { width: 20, height: 10, channels: 3 as const, background },
    });
    await sharp({ create: { width: 40, height: 20, channels: 3, background: 'red' } })
      .composite([
        { input: part('lime'), left: 20, top: 0 },
        { input: part('blue'), left: 0, top: 10 },
        { input: part('white'), left: 20, top: 10 },
      ])
      .png()
      .toFile(file);
    return file;
  }

  it('rotates, then crops, then resizes, then mirrors', async () => {
    const source = await quarters();
    // Turned clockwise: blue, red over white, green.
    const turned = await renderers.render(source, { rotate: 90 });
    assert.deepEqual([turned.width, turned.height], [20, 40]);
    assert.deepEqual(await firstPixel(turned.path), [0, 0, 255]);
    const cropped = await renderers.render(source, {
      rotate: 90,
      crop: { left: 10, top: 20, width: 10, height: 20 },
    });
    assert.deepEqual([cropped.width, cropped.height, await firstPixel(cropped.path)], [10, 20, [0, 255, 0]]);
    const mirrored = await renderers.render(source, { rotate: 90, flop: true });
    assert.deepEqual(await firstPixel(mirrored.path), [255, 0, 0]);
    const top = await renderers.render(source, { size: '20x20', position: 'left', flop: true });
    near(await firstPixel(top.path), [255, 0, 0], 2);
  });

  it('lays a watermark over a corner, smaller where it would not fit', async () => {
    const source = await quarters();
    const watermark = renderers.file('watermark.png');
    await sharp({ create: { width: 8, height: 8, channels: 3, background: 'black' } })
      .png()
      .toFile(watermark);
    const options = { watermark: { object: 'shared/a', position: 'northwest', opacity: 0.5 } } as const;
    const output = await renderers.render(source, options, { watermark });
    near(await firstPixel(output.path), [127, 0, 0], 2);
    assert.equal((await renderers.render(source, { ...options, width: 4 }, { watermark })).width, 4);
    const broken = renderers.render(source, options, { watermark: renderers.file('none.png') });
    await assert.rejects(broken, { code: 'invalid-output', output: 'out' });
  });
});

describe('metadata', () => {
  it('drops EXIF, GPS, XMP and profile unless they are wanted', async () => {
    const source = renderers.file('gps.jpg');
    await sharp({ create: { width: 40, height: 30, channels: 3, background: 'green' } })
      .withExif({
        IFD0: { Copyright: 'someone' },
        IFD3: { GPSLatitude: '51/1 30/1 0/1', GPSLatitudeRef: 'N' },
      })
      .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"><secret/></x:xmpmeta>')
      .jpeg()
      .toFile(source);
    for (const format of ['jpeg', 'png', 'webp', 'avif', 'tiff'] as const) {
      const output = await renderers.render(source, { format, width: 20 });
      const { exif, xmp, iptc, icc } = await sharp(output.path).metadata();
      assert.deepEqual(
        { exif, xmp, iptc, icc },
        { exif: undefined, xmp: undefined, iptc: undefined, icc: undefined },
      );
      const bytes = await readFile(output.path);
      assert.ok(!bytes.includes('someone') && !bytes.includes('secret'), format);
    }
    const kept = await renderers.render(source, { keepMetadata: true, width: 20 });
    assert.ok((await readFile(kept.path)).includes('someone'));
    assert.ok((await readFile(kept.path)).includes('secret'));
  });
});

describe('animations', () => {
  it('keeps all frames if asked to, else the first', async () => {
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
      const animated = await renderers.render(source, { size: '20x10', animated: true });
      const { pages, pageHeight } = await sharp(animated.path, { pages: -1 }).metadata();
      assert.deepEqual(
        { pages, pageHeight, height: animated.height },
        { pages: 3, pageHeight: 10, height: 10 },
      );
      await assert.rejects(renderers.render(source, { animated: true, rotate: 90 }), {
        code: 'invalid-output',
        output: 'out',
      });
    }
  });
});

function difference(expected: Pixels, found: Pixels): { largest: number; mean: number } {
  let largest = 0;
  let sum = 0;
  for (let i = 0; i < expected.rgba.length; i++) {
    // The colour of what is wholly transparent does not matter.
    if (expected.rgba[i | 3] === 0 && (i & 3) !== 3) continue;
    const each = Math.abs((expected.rgba[i] ?? 0) - (found.rgba[i] ?? 0));
    largest = Math.max(largest, each);
    sum += each;
  }
  return { largest, mean: sum / expected.rgba.length };
}

async function smallPixels(file: string): Promise<Pixels> {
  return decodePng(await sharp(file).resize(300).png().toBuffer());
}

async function firstPixel(file: string): Promise<number[]> {
  return [...(await sharp(file).removeAlpha().raw().toBuffer()).subarray(0, 3)];
}

/** As the file has it, whatever its profile means. */
async function firstStoredPixel(file: string): Promise<number[]> {
  return [...decodePng(await readFile(file)).rgba.subarray(0, 3)];
}

function near(found: readonly number[], expected: readonly number[], tolerance: number): void {
  const close = expected.every((value, index) => Math.abs(value - (found[index] ?? Number.NaN)) <= tolerance);
  assert.ok(close, `${found} is not near ${expected}`);
}
