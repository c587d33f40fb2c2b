import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TintypeError } from '../errors/tintype-error.ts';
import { headerBytes, readHeaderSoFar } from './image-header.ts';

/** Far more than any takes, so that only a pattern that backtracks without end is slower. */
const longestMs = 2_000;

/** Beginnings that go on with the same for as long as the reader looks. */
const endless: readonly (readonly [start: string, repeated: string])[] = [
  ['', ' '],
  ['', '<?a?>'],
  ['', '<!---->'],
  ['<!--', '-'],
  ['<!DOCTYPE ', '['],
  ['<!DOCTYPE ', '[]'],
  ['<!DOCTYPE ', 'a'],
  ['<svg ', 'width="'],
  ['<svg', ' width'],
  ['<svg width', ' '],
  ['<svg width="', ' '],
  ['<svg viewBox="', ' ,'],
  ['<', 'a'],
  ['\xff\xfe', ' \0'],
  ['\xff\xd8', '\xff'],
  ['\xff\xd8', '\xff\xe0\0\x02'],
  ['GIF89a\x01\0\x01\0\0\0\0', '\x21\xfe\0'],
  ['\0\0\0\x10ftypavif\0\0\0\0', '\0\0\0\x08free'],
  ['\x89PNG\r\n\x1a\n', '\0\0\0\0IDAT\0\0\0\0'],
  ['RIFF\xff\xff\xff\xffWEBP', 'ANMF\0\0\0\0'],
  ['II*\0\x08\0\0\0', '\xff\xff'],
];

describe('the header reader', () => {
  it('is done soon with whatever goes on without end', () => {
    for (const [start, repeated] of endless) {
      const rest = repeated.repeat(Math.ceil(headerBytes / repeated.length));
      const started = performance.now();
      try {
        readHeaderSoFar(Buffer.from(start + rest, 'latin1'));
      } catch (error) {
        assert.ok(error instanceof TintypeError, `${start}${repeated}: ${error}`);
      }
      const ms = performance.now() - started;
      assert.ok(ms < longestMs, `${start}${repeated}: ${ms} ms`);
    }
  });
});
