import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import sharp from 'sharp';
import { assertNear, firstPixel } from '../support/pixels.ts';
import { TestPool } from '../support/renderer-pool.ts';

let renderers: TestPool;
before(async () => {
  renderers = await TestPool.create({ size: 2 });
});
after(() => renderers[Symbol.asyncDispose]());

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
    assertNear(await firstPixel(top.path), [255, 0, 0], 2);
  });

  it('lays a watermark over a corner, smaller where it would not fit', async () => {
    const source = await quarters();
    const watermark = renderers.file('watermark.png');
    await sharp({ create: { width: 8, height: 8, channels: 3, background: 'black' } })
      .png()
      .toFile(watermark);
    const options = { watermark: { object: 'shared/a', position: 'northwest', opacity: 0.5 } } as const;
    const output = await renderers.render(source, options, { watermark });
    assertNear(await firstPixel(output.path), [127, 0, 0], 2);
    assert.equal((await renderers.render(source, { ...options, width: 4 }, { watermark })).width, 4);
    await writeFile(renderers.file('none.png'), 'no image');
    const broken = renderers.render(source, options, { watermark: renderers.file('none.png') });
    await assert.rejects(broken, {
      code: 'invalid-output',
      output: 'out',
      message: /^The watermark can’t be used/,
    });
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
