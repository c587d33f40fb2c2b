import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import sharp, { type Sharp } from 'sharp';
import type { OutputOptions } from '../../src/images/output-options.ts';
import { photo } from '../support/photo.ts';
import { rendererPids, TestPool } from '../support/renderer-pool.ts';
import { testData } from '../support/test-data.ts';

type Upscale = NonNullable<OutputOptions['upscale']>;

const small: Upscale = { model: 'psnr-small', scale: 2 };

describe('an image that is enlarged', () => {
  it('is nearer to the original than cubic interpolation makes it', async () => {
    const folder = testData('how well photos are enlarged', 'sr/Set5');
    if (folder === undefined) return;
    await using pool = await TestPool.create();
    for (const name of await readdir(folder)) {
      const original = await pixels(sharp(path.join(folder, name)));
      const size = { width: original.width / 2, height: original.height / 2, fit: 'fill' as const };
      const source = pool.file(name);
      await sharp(path.join(folder, name)).resize(size).png().toFile(source);
      const enlarged = await pool.render(source, { upscale: small });
      const cubic = await pixels(
        sharp(source).resize({ width: original.width, height: original.height, kernel: 'cubic' }),
      );
      const [network, interpolated] = [await pixels(sharp(enlarged.path)), cubic].map(each =>
        meanSquare(original.samples, each.samples),
      );
      assert.ok((network ?? 0) < (interpolated ?? 0) * 0.75, `${name}: ${network} against ${interpolated}`);
    }
  });

  it('has the size that was asked for', async () => {
    await using pool = await TestPool.create();
    const source = pool.file('photo.png');
    await (await detail(90, 61)).png().toFile(source);
    const sizes: [OutputOptions, number, number][] = [
      [{ upscale: { model: 'psnr-small' } }, 180, 122],
      [{ upscale: { model: 'psnr-small', scale: 1 } }, 90, 61],
      [{ upscale: { model: 'psnr-small', scale: 1.5 } }, 135, 92],
      [{ upscale: { model: 'psnr-small', scale: 3.3 } }, 297, 201],
      [{ upscale: { model: 'psnr-small' }, size: '300x' }, 300, 203],
      [{ upscale: { model: 'psnr-small' }, size: '50x50' }, 50, 50],
      [{ upscale: small, rotate: 90 }, 122, 180],
      [{ upscale: small, crop: { left: 10, top: 20, width: 30, height: 11 } }, 60, 22],
      [{ upscale: small, size: '1000x1000', withoutEnlargement: true, fit: 'inside' }, 180, 122],
    ];
    for (const [options, width, height] of sizes) {
      const output = await pool.render(source, options);
      assert.deepEqual([output.width, output.height], [width, height], JSON.stringify(options));
    }
  });

  it('is the same whatever its tiles were', async () => {
    await using pool = await TestPool.create({ size: 2 });
    const source = pool.file('photo.png');
    await (await detail(300, 210)).png().toFile(source);
    const whole = await enlarged(pool, source, { ...small, patchSize: 2048 });
    for (const patchSize of [32, 64, 128, 256]) {
      const tiled = await enlarged(pool, source, { ...small, patchSize, batchSize: 4 });
      assert.ok(largest(whole, tiled) <= 1, `patchSize ${patchSize} differs by ${largest(whole, tiled)}`);
    }
  });

  it('is whole with tiles that see nothing, or more than themselves, of their neighbours', async () => {
    await using pool = await TestPool.create();
    const source = pool.file('photo.png');
    await (await detail(70, 50)).png().toFile(source);
    const whole = await enlarged(pool, source, { ...small, patchSize: 2048 });
    for (const [patchSize, padding] of [
      [32, 0],
      [8, 40],
      [64, 32],
      [8, 0],
    ] as const) {
      const tiled = await enlarged(pool, source, { ...small, patchSize, padding });
      // Seams are what was asked for; a scrambled image would be off by 30.
      const mean = Math.sqrt(meanSquare(whole, tiled));
      assert.ok(mean < 8, `patchSize ${patchSize}, padding ${padding}: off by ${mean}`);
    }
  });

  it('keeps its colours', async () => {
    await using pool = await TestPool.create();
    for (const background of ['#fff', '#000', '#c81e0a', '#0a96f0', '#7f7f7f']) {
      const source = pool.file(`${background.slice(1)}.png`);
      await sharp({ create: { width: 40, height: 40, channels: 3, background } })
        .png()
        .toFile(source);
      const before = (await pixels(sharp(source))).samples.slice(0, 3);
      const { path: file } = await pool.render(source, { upscale: small });
      // What the network sees beyond the image is black, which may show in the outermost pixels.
      for (const [border, tolerance] of [
        [0, 4],
        [16, 1],
      ] as const) {
        const side = 80 - 2 * border;
        const inner = sharp(file).extract({ left: border, top: border, width: side, height: side });
        const { samples } = await pixels(inner);
        const most = samples.reduce(
          (largest, sample, index) => Math.max(largest, Math.abs(sample - (before[index % 3] ?? 0))),
          0,
        );
        assert.ok(most <= tolerance, `${background} is off by ${most}, ${border} pixels from the edge`);
      }
    }
  });

  it('keeps what is transparent, grey or 16 bits deep', async () => {
    await using pool = await TestPool.create();
    const alpha = pool.file('alpha.png');
    const veil = { create: { width: 60, height: 40, channels: 4, background: '#00000000' } } as const;
    const square = { input: await (await detail(20, 20)).png().toBuffer(), left: 20, top: 10 };
    await sharp(veil).composite([square]).png().toFile(alpha);
    const transparent = await sharp((await pool.render(alpha, { upscale: small })).path)
      .raw()
      .toBuffer({ resolveWithObject: true });
    assert.equal(transparent.info.channels, 4);
    const alphaAt = (x: number, y: number) => transparent.data[(y * 120 + x) * 4 + 3];
    assert.deepEqual([alphaAt(0, 0), alphaAt(60, 40), alphaAt(100, 40)], [0, 255, 0]);

    const grey = pool.file('grey.png');
    await (await detail(40, 30)).toColourspace('b-w').png().toFile(grey);
    const greyOutput = await sharp((await pool.render(grey, { upscale: small })).path).metadata();
    assert.deepEqual([greyOutput.channels, greyOutput.width], [1, 80]);

    const deep = pool.file('deep.png');
    const ramp = Uint16Array.from({ length: 64 * 8 * 3 }, (_, index) => Math.floor(index / 3) * 127);
    await sharp(ramp, { raw: { width: 64, height: 8, channels: 3 } })
      .toColourspace('rgb16')
      .png()
      .toFile(deep);
    const deepOutput = sharp((await pool.render(deep, { upscale: small })).path);
    assert.equal((await deepOutput.metadata()).depth, 'ushort');
    const samples = await deepOutput.toColourspace('rgb16').raw({ depth: 'ushort' }).toBuffer();
    assert.ok(new Set(new Uint16Array(samples.buffer, samples.byteOffset, samples.length / 2)).size > 256);
  });

  it('stands upright and keeps the profile that says what its colours mean', async () => {
    await using pool = await TestPool.create();
    const source = pool.file('turned.jpg');
    await (await detail(60, 40)).withIccProfile('p3').withMetadata({ orientation: 6 }).jpeg().toFile(source);
    const output = await pool.render(source, { upscale: small });
    assert.deepEqual([output.width, output.height], [80, 120]);
    const { icc, orientation } = await sharp(output.path).metadata();
    assert.ok(icc !== undefined && (orientation === undefined || orientation === 1));
    const looks = await pixels(sharp(output.path).resize(40, 60));
    const looked = await pixels(sharp(source).autoOrient());
    assert.ok(Math.sqrt(meanSquare(looked.samples, looks.samples)) < 6);
    // GIF has no profiles.
    const plain = await pool.render(source, { upscale: small, format: 'gif' });
    assert.ok(
      Math.sqrt(meanSquare(looked.samples, (await pixels(sharp(plain.path).resize(40, 60))).samples)) < 12,
    );
  });
});

describe('while an image is enlarged', () => {
  it('progress is told tile by tile', async () => {
    await using pool = await TestPool.create({ size: 2 });
    const source = pool.file('photo.png');
    await (await detail(128, 128)).png().toFile(source);
    const header = await pool.inspect(source);
    const told: number[] = [];
    const upscale = { ...small, patchSize: 32 };
    const outputs = [{ name: 'out', options: { upscale }, target: pool.file('out.png') }];
    const { signal } = new AbortController();
    await pool.pool.render({ source, header, outputs }, signal, fraction => told.push(fraction));
    assert.equal(told.length, 1 + 16);
    assert.deepEqual(
      told,
      told.toSorted((one, other) => one - other),
    );
  });

  it('it can be called off, and leaves no files', async () => {
    await using pool = await TestPool.create({ size: 2 });
    const source = pool.file('photo.png');
    await (await detail(600, 400)).png().toFile(source);
    const header = await pool.inspect(source);
    const calledOff = new AbortController();
    const upscale = { ...small, patchSize: 32 };
    const outputs = [{ name: 'out', options: { upscale }, target: pool.file('out.png') }];
    const rendering = pool.pool.render({ source, header, outputs }, calledOff.signal, fraction => {
      if (fraction > 0.2) calledOff.abort(new Error('called off'));
    });
    await assert.rejects(rendering, { message: 'called off' });
    assert.deepEqual(await readdir(path.dirname(source)), ['photo.png']);
  });

  it('frames can not be kept', async () => {
    await using pool = await TestPool.create();
    const source = pool.file('film.gif');
    const frames = [
      await (await detail(30, 20)).png().toBuffer(),
      await (await detail(30, 20)).negate().png().toBuffer(),
    ];
    await sharp(frames, { join: { animated: true } })
      .gif()
      .toFile(source);
    await assert.rejects(pool.render(source, { upscale: small, animated: true }), {
      code: 'invalid-output',
      message: /"upscale" is not possible while the frames are kept/,
    });
    assert.equal((await pool.render(source, { upscale: small })).height, 40);
  });

  // Elsewhere than on Linux nobody tells which processes are ours.
  if (process.platform === 'linux') {
    it('its enlarger may be killed: the next attempt finds another', async () => {
      await using pool = await TestPool.create();
      const source = pool.file('photo.png');
      await (await detail(600, 400)).png().toFile(source);
      const header = await pool.inspect(source);
      const upscale = { ...small, patchSize: 32 };
      const outputs = [{ name: 'out', options: { upscale }, target: pool.file('out.png') }];
      const { signal } = new AbortController();
      let killed = false;
      const rendering = pool.pool.render({ source, header, outputs }, signal, async fraction => {
        if (fraction < 0.2 || killed) return;
        killed = true;
        for (const pid of await rendererPids('enlarger')) process.kill(pid, 'SIGKILL');
      });
      await assert.rejects(rendering, { code: 'render-crashed' });
      assert.deepEqual(await readdir(path.dirname(source)), ['photo.png']);
      const again = await pool.render(source, { upscale: small });
      assert.deepEqual([again.width, again.height], [1200, 800]);
    });
  }

  it('more pixels than may be made are refused', async () => {
    await using pool = await TestPool.create({ limits: { maxOutputPixels: 10_000 } });
    const source = pool.file('photo.png');
    await (await detail(60, 60)).png().toFile(source);
    await assert.rejects(pool.render(source, { upscale: small }), {
      code: 'output-too-large',
      output: 'out',
    });
    await assert.rejects(pool.render(source, { upscale: small, size: '50x50' }), {
      code: 'output-too-large',
      message: /would enlarge the output "out"/,
    });
  });
});

/** A part of a photo. */
async function detail(width: number, height: number): Promise<Sharp> {
  return sharp(await photo(900, 600).removeAlpha().png().toBuffer()).extract({
    left: 20,
    top: 10,
    width,
    height,
  });
}

async function enlarged(pool: TestPool, source: string, upscale: Upscale): Promise<Uint8Array> {
  return (await pixels(sharp((await pool.render(source, { upscale })).path))).samples;
}

async function pixels(image: Sharp): Promise<{ samples: Uint8Array; width: number; height: number }> {
  const { data, info } = await image
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { samples: data, width: info.width, height: info.height };
}

function meanSquare(one: Uint8Array, other: Uint8Array): number {
  assert.equal(one.length, other.length);
  return one.reduce((sum, value, index) => sum + (value - (other[index] ?? 0)) ** 2, 0) / one.length;
}

function largest(one: Uint8Array, other: Uint8Array): number {
  assert.equal(one.length, other.length);
  return one.reduce((most, value, index) => Math.max(most, Math.abs(value - (other[index] ?? 0))), 0);
}
