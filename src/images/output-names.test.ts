import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultOutputs, nameOutputs } from './output-names.ts';
import type { OutputInput } from './output-options.ts';

describe('the names of outputs', () => {
  const filenames = (outputs: OutputInput[], source: string) =>
    nameOutputs(outputs, source).map(output => output.filename);

  it('default to a thumbnail named after the source', () => {
    assert.deepEqual(defaultOutputs('cat.jpg'), [
      { name: 'thumb', filename: 'thumb_cat.jpg', options: { size: '100x100', fit: 'cover' } },
    ]);
  });

  it('carry the extension of the format, and leave one that says the same', () => {
    assert.deepEqual(filenames([{ name: 'a', format: 'webp' }], 'cat.jpg'), ['a_cat.webp']);
    assert.deepEqual(filenames([{ name: 'a', format: 'jpeg' }], 'cat.JPG'), ['a_cat.JPG']);
    assert.deepEqual(filenames([{ name: 'a', format: 'jpg' }], 'cat'), ['a_cat.jpg']);
    assert.deepEqual(filenames([{ name: 'a' }], 'cat.svg'), ['a_cat.png']);
    assert.deepEqual(filenames([{ name: 'a' }], 'cat'), ['a_cat']);
    assert.deepEqual(filenames([{ name: 'a', filename: 'mine.txt', format: 'png' }], 'cat.svg'), [
      'mine.txt',
    ]);
  });

  it('are never too long', () => {
    const [filename = ''] = filenames([{ name: 'thumb' }], `${'x'.repeat(251)}.jpg`);
    assert.equal(filename.length, 255);
    assert.ok(filename.endsWith('.jpg'));
  });

  it('are checked, and so is what a schema can’t say', () => {
    const refused: [outputs: OutputInput[], pointer: string][] = [
      [[{ name: 'a' }, { name: 'a' }], '/outputs/1/name'],
      [[{ name: 'output2' }, {}], '/outputs/1/name'],
      [[{ size: '10x10', width: 10 }], '/outputs/0/size'],
      [[{ size: '16384x1' }], '/outputs/0/size'],
      [[{}, { background: 'reddish' }], '/outputs/1/background'],
    ];
    for (const [outputs, pointer] of refused) {
      assert.throws(() => nameOutputs(outputs, 'cat.jpg'), { code: 'invalid-request', pointer });
    }
    assert.equal(nameOutputs([{ background: 'RebeccaPurple' }, {}], 'cat.jpg').length, 2);
  });
});
