import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { photoHeader } from '../../test/support/photo-header.ts';
import type { OutputOptions } from './output-options.ts';
import { planSharedDecode } from './shared-decode.ts';

describe('planSharedDecode', () => {
  const plan = (...options: OutputOptions[]) =>
    planSharedDecode(
      photoHeader,
      { width: 3000, height: 2000 },
      options.map((each, index) => ({ options: each, index })),
    );

  it('decodes as large as the largest output needs, cropped parts included', () => {
    const first = (...options: OutputOptions[]) => plan(...options)[0]?.size;
    assert.deepEqual(first({ size: '50x50' }, { size: '800x800' }), { width: 1200, height: 800 });
    assert.deepEqual(first({ size: '50x50' }, { size: '600x600', fit: 'inside' }), {
      width: 600,
      height: 400,
    });
    assert.deepEqual(first({ size: '50x' }, { size: '3000x4000' }), { width: 3000, height: 2000 });
  });

  it('makes small outputs from a smaller copy', () => {
    const copies = plan({ size: '50x50' }, { size: '250x250' }, { size: '800x800' }, { size: '700x700' });
    assert.deepEqual(
      copies.map(({ size, outputs }) => [size.width, size.height, outputs.map(output => output.index)]),
      [
        [1200, 800, [2, 3]],
        [375, 250, [1, 0]],
      ],
    );
  });

  it('leaves out what needs the source itself, and does not share for one', () => {
    const own: OutputOptions[] = [
      { keepMetadata: true },
      { crop: { left: 0, top: 0, width: 9, height: 9 } },
      { rotate: 90 },
      { autoOrient: false },
    ];
    for (const options of own) {
      assert.deepEqual(plan({ width: 9 }, options), []);
      const indexes = plan({ width: 9 }, options, { width: 8 })[0]?.outputs.map(output => output.index);
      assert.deepEqual(indexes, [0, 2]);
    }
  });

  it('does not hold a giant for it', () => {
    const upright = { width: 10_000, height: 10_000 };
    assert.deepEqual(planSharedDecode(photoHeader, upright, [{ options: {} }, { options: {} }]), []);
  });
});
