import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { photoHeader } from '../../test/support/photo-header.ts';
import type { ImageHeader } from './image-header.ts';
import {
  checkOutputs,
  checkSource,
  checkWatermark,
  type ImageLimits,
  renderBytes,
  renderMs,
} from './limits.ts';
import type { OutputOptions } from './output-options.ts';

const mebibyte = 2 ** 20;
const limits: ImageLimits = {
  maxPixels: 100_000_000,
  maxOutputPixels: 400_000_000,
  maxRenderBytes: 512 * mebibyte,
  allowSvg: false,
};
const square = { ...photoHeader, width: 7000, height: 7000 };
const outputs = (options: OutputOptions) => [{ name: 'out', options }];

describe('checkSource', () => {
  it('lets a 100 megapixel JPEG through, and states the numbers of what is larger', () => {
    checkSource({ ...photoHeader, width: 10_000, height: 10_000 }, limits);
    assert.throws(() => checkSource({ ...photoHeader, width: 10_001, height: 10_000 }, limits), {
      code: 'image-too-large',
      message: 'The image is 10001×10000, 100 megapixels; at most 100 are allowed.',
    });
  });

  it('goes by the memory that decoding takes, not by pixels alone', () => {
    const wide = {
      ...photoHeader,
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
    const svg = { ...photoHeader, format: 'svg' } as const;
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
      const check = () =>
        checkOutputs(photoHeader, outputs(options), { ...limits, maxOutputPixels: 150_000_000 });
      const expected = { code: 'output-too-large', output: 'out', message };
      if (options.format === 'webp') {
        const larger = { ...limits, maxOutputPixels: 1e9, maxRenderBytes: 1e12 };
        assert.throws(() => checkOutputs(photoHeader, outputs(options), larger), expected);
      } else assert.throws(check, expected);
    }
    checkOutputs(photoHeader, outputs({ width: 16_000, withoutEnlargement: true }), limits);
  });

  it('counts the frames of an animation that is kept', () => {
    const animation = { ...photoHeader, format: 'gif', width: 500, height: 500, pages: 2000 } as const;
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
    assert.equal(renderMs(photoHeader, outputs({ size: '1000x1000' })), 24_000);
    assert.equal(renderMs({ ...photoHeader, format: 'svg' }, outputs({})), 5_000);
  });
});

describe('watermarks', () => {
  const mark = { ...photoHeader, format: 'png', width: 4000, height: 3000, channels: 4 } as const;

  it('are refused by the output’s name where they are too large, or drawings', () => {
    checkWatermark(mark, 'out', limits);
    const refused = { code: 'invalid-output', output: 'out' };
    const large = { ...mark, width: 9000 };
    assert.throws(() => checkWatermark(large, 'out', limits), {
      ...refused,
      message: /^The watermark of the output "out" is 9000×3000, 27 megapixels; at most 25 are allowed\.$/,
    });
    assert.throws(() => checkWatermark({ ...mark, format: 'svg' }, 'out', limits), refused);
    const avif = { ...mark, format: 'avif' } as const;
    assert.throws(() => checkWatermark(avif, 'out', { ...limits, maxRenderBytes: 100 * mebibyte }), refused);
  });

  it('add to the memory and the time of their output', () => {
    const plain = outputs({ size: '100x100' });
    const marked = plain.map(output => ({ ...output, watermarkHeader: { ...mark, interlaced: true } }));
    assert.ok(renderBytes(photoHeader, marked) - renderBytes(photoHeader, plain) > 12_000_000 * 4);
    assert.equal(renderMs(photoHeader, marked) - renderMs(photoHeader, plain), 24_000);
  });
});
