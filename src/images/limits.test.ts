import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ImageHeader } from './image-header.ts';
import { checkOutputs, checkSource, type ImageLimits, renderBytes, renderMs } from './limits.ts';
import type { OutputOptions } from './output-options.ts';

const mebibyte = 2 ** 20;
const limits: ImageLimits = {
  maxPixels: 100_000_000,
  maxOutputPixels: 400_000_000,
  maxRenderBytes: 512 * mebibyte,
  allowSvg: false,
};
const photo: ImageHeader = {
  format: 'jpeg',
  width: 3000,
  height: 2000,
  pages: 1,
  channels: 3,
  bytesPerSample: 1,
  interlaced: false,
};
const square = { ...photo, width: 7000, height: 7000 };
const outputs = (options: OutputOptions) => [{ name: 'out', options }];

describe('checkSource', () => {
  it('lets a 100 megapixel JPEG through, and states the numbers of what is larger', () => {
    checkSource({ ...photo, width: 10_000, height: 10_000 }, limits);
    assert.throws(() => checkSource({ ...photo, width: 10_001, height: 10_000 }, limits), {
      code: 'image-too-large',
      message: 'The image is 10001×10000, 100 megapixels; at most 100 are allowed.',
    });
  });

  it('goes by the memory that decoding takes, not by pixels alone', () => {
    const wide = {
      ...photo,
      format: 'png',
      width: 786_432,
      height: 32,
      bytesPerSample: 2,
      interlaced: true,
    } as const;
    assert.throws(() => checkSource(wide, limits), {
      code: 'image-too-large',
      message:
        /^The image is 786432×32 and would take about [\d,]+ MiB to decode; at most 512 are allowed\.$/,
    });
    assert.throws(() => checkSource({ ...square, format: 'avif' }, limits), { code: 'image-too-large' });
    checkSource({ ...square, format: 'png' }, limits);
    checkSource({ ...square, format: 'png', interlaced: true }, limits);
  });

  it('takes SVG only where it is allowed', () => {
    const svg = { ...photo, format: 'svg' } as const;
    assert.throws(() => checkSource(svg, limits), { code: 'unsupported-image' });
    checkSource(svg, { ...limits, allowSvg: true });
  });
});

describe('checkOutputs', () => {
  it('names the output that would be too large', () => {
    const cases: [options: OutputOptions, message: RegExp][] = [
      [{ width: 16_000, format: 'png' }, /16000×.* at most 150 are allowed/],
      [{ height: 12_000, format: 'webp' }, /a side of webp is at most 16383/],
      [{ size: '6000x6000', format: 'avif' }, /MiB to make; at most 512/],
    ];
    for (const [options, message] of cases) {
      const check = () => checkOutputs(photo, outputs(options), { ...limits, maxOutputPixels: 150_000_000 });
      const expected = { code: 'output-too-large', output: 'out', message };
      if (options.format === 'webp') {
        const larger = { ...limits, maxOutputPixels: 1e9, maxRenderBytes: 1e12 };
        assert.throws(() => checkOutputs(photo, outputs(options), larger), expected);
      } else assert.throws(check, expected);
    }
    checkOutputs(photo, outputs({ width: 16_000, withoutEnlargement: true }), limits);
  });

  it('counts the frames of an animation that is kept', () => {
    const animation = { ...photo, format: 'gif', width: 500, height: 500, pages: 2000 } as const;
    checkOutputs(animation, outputs({}), limits);
    checkOutputs(animation, outputs({ animated: true, format: 'jpeg' }), limits);
    assert.throws(() => checkOutputs(animation, outputs({ animated: true }), limits), {
      code: 'output-too-large',
    });
  });
});

describe('budgets', () => {
  it('are larger for what has to be held as a whole', () => {
    const bytes = (header: Partial<ImageHeader>) =>
      renderBytes({ ...square, ...header }, outputs({ size: '100x100' }));
    assert.ok(bytes({}) < 100 * mebibyte);
    assert.ok(bytes({ format: 'png' }) < bytes({ format: 'png', interlaced: true }));
    assert.ok(bytes({}) < bytes({ interlaced: true }));
    assert.ok(bytes({ format: 'png', interlaced: true }) < bytes({ format: 'avif' }));
  });

  it('give 10 s and 2 s a megapixel read or written, and an SVG 5 s', () => {
    assert.equal(renderMs(photo, outputs({ size: '1000x1000' })), 24_000);
    assert.equal(renderMs({ ...photo, format: 'svg' }, outputs({})), 5_000);
  });
});
