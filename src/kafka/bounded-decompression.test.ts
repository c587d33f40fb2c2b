import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compressionsAlgorithms, UserError } from '@platformatic/kafka';
import { boundDecompression } from './bounded-decompression.ts';

const mebibyte = 2 ** 20;
const xerialHead = Buffer.from('\x82SNAPPY\0\0\0\0\x01\0\0\0\x01', 'latin1');

/** As Java's producers write it. */
function xerial(chunk: Buffer, count: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(chunk.length);
  return Buffer.concat([xerialHead, ...Array.from({ length: count }, () => [length, chunk]).flat()]);
}

describe('decompression', () => {
  boundDecompression();
  const { gzip, zstd, snappy, lz4 } = compressionsAlgorithms;

  for (const [name, algorithm] of Object.entries({ gzip, zstd, snappy, lz4 })) {
    it(`reads batches in ${name}, and refuses small ones that become huge`, () => {
      const common = Buffer.from('some record or other '.repeat(50_000));
      assert(algorithm.decompressSync(algorithm.compressSync(common)).equals(common));
      const bomb = algorithm.compressSync(Buffer.alloc(80 * mebibyte));
      assert.throws(() => algorithm.decompressSync(bomb), UserError);
    });
  }

  it('adds up the chunks of Java’s snappy', () => {
    const chunk = snappy.compressSync(Buffer.alloc(mebibyte, 'x'));
    assert.equal(snappy.decompressSync(xerial(chunk, 3)).length, 3 * mebibyte);
    assert.throws(() => snappy.decompressSync(xerial(chunk, 70)), UserError);
  });
});
