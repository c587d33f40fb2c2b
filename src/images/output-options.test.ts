import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Value } from 'typebox/value';
import { outputFormat, outputSchema, outputsSchema } from './output-options.ts';

describe('the schema of an output', () => {
  const accepts = (output: unknown) => Value.Check(outputSchema, output);

  it('takes what sharp takes', () => {
    const good = [
      {},
      { name: 'a-b_1', filename: 'é ü.jpg' },
      { size: '100x' },
      { size: 'x16383', fit: 'inside', position: 'right top', withoutEnlargement: true },
      { width: 16383, height: 1, position: 'attention' },
      { background: { r: 1, g: 2, b: 3, alpha: 0.5 } },
      {
        background: '#abc8',
        rotate: -12.5,
        blur: 0.3,
        sharpen: true,
        flip: true,
        flop: false,
        grayscale: true,
      },
      {
        crop: { left: 0, top: 0, width: 1, height: 1 },
        watermark: { object: 'shared/logo.png', opacity: 0.2 },
      },
      { format: 'jpg', quality: 1, keepMetadata: true, autoOrient: false, animated: true },
    ];
    for (const output of good) assert.ok(accepts(output), JSON.stringify(output));
  });

  it('refuses everything else', () => {
    const bad = [
      { upside: 'down' },
      { name: 'A' },
      { name: '' },
      { name: 'a'.repeat(65) },
      { filename: 'a/b' },
      { filename: 'a\\b' },
      { filename: 'a\nb' },
      ...[0x7f, 0x80, 0x9f, 0x61c, 0x200e, 0x200f, 0x2028, 0x2029, 0x202e, 0x2066, 0x2069].map(code => ({
        filename: `a${String.fromCodePoint(code)}b`,
      })),
      { filename: '..' },
      { filename: '' },
      { size: 'x' },
      { size: '100' },
      { size: '0x10' },
      { size: '10x10x10' },
      { width: 0 },
      { width: 1.5 },
      { height: 16384 },
      { fit: 'squeeze' },
      { position: 'nowhere' },
      { format: 'heic' },
      { quality: 0 },
      { background: '#ab' },
      { background: 'rgb(1,2,3)' },
      { background: { r: 256, g: 0, b: 0 } },
      { rotate: 361 },
      { blur: 0.2 },
      { sharpen: 11 },
      { crop: { left: -1, top: 0, width: 1, height: 1 } },
      { crop: { left: 0, top: 0, width: 1 } },
      { watermark: { opacity: 1 } },
      { autoOrient: 'yes' },
    ];
    for (const output of bad) assert.ok(!accepts(output), JSON.stringify(output));
    assert.ok(!Value.Check(outputsSchema, []));
    assert.ok(!Value.Check(outputsSchema, Array(21).fill({})));
  });

  it('describes every field', () => {
    for (const [field, schema] of Object.entries(outputSchema.properties)) {
      assert.ok('description' in schema, field);
    }
  });
});

describe('the format of an output', () => {
  it('is the one asked for, else the source’s, and PNG for SVG', () => {
    assert.equal(outputFormat({ format: 'jpg' }, 'png'), 'jpeg');
    assert.equal(outputFormat({}, 'tiff'), 'tiff');
    assert.equal(outputFormat({}, 'svg'), 'png');
  });
});
