import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ImageHeader } from './image-header.ts';
import type { OutputOptions } from './output-options.ts';
import { planSharedDecode } from './shared-decode.ts';

const header: ImageHeader = {
  format: 'jpeg',
  width: 3000,
  height: 2000,
  pages: 1,
  channels: 3,
  bytesPerSample: 1,
  interlaced: false,
};

describe('planSharedDecode', () => {
  const plan = (...options: OutputOptions[]) =>
    planSharedDecode(
      header,
      { width: 3000, height: 2000 },
      options.map((each, index) => ({ options: each, index })),
    );

  it('decodes as large as the largest output needs, cropped parts included', () => {
    assert.deepEqual(plan({ size: '50x50' }, { size: '800x800' })?.size, { width: 1200, height: 800 });
    assert.deepEqual(plan({ size: '50x50' }, { size: '600x600', fit: 'inside' })?.size, {
      width: 600,
      height: 400,
    });
    assert.deepEqual(plan({ size: '50x' }, { size: '3000x4000' })?.size, { width: 3000, height: 2000 });
  });

  it('leaves out what needs the source itself, and does not share for one', () => {
    const own: OutputOptions[] = [
      { keepMetadata: true },
      { crop: { left: 0, top: 0, width: 9, height: 9 } },
      { rotate: 90 },
      { autoOrient: false },
    ];
    for (const options of own) {
      assert.equal(plan({ width: 9 }, options), undefined);
      assert.deepEqual(
        plan({ width: 9 }, options, { width: 8 })?.outputs.map(output => output.index),
        [0, 2],
      );
    }
  });

  it('does not hold a giant for it', () => {
    const upright = { width: 10_000, height: 10_000 };
    assert.equal(planSharedDecode(header, upright, [{ options: {} }, { options: {} }]), undefined);
  });
});
