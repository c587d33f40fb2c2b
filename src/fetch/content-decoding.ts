import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { TintypeError } from '../errors/tintype-error.ts';

const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/**
 * What undoes a Content-Encoding, or undefined where there is none. We ask for none at all; some servers encode all
 * the same. Encodings on top of each other, and those we don't know, throw `source-refused`.
 */
export function decoderFor(header: string | string[] | undefined): Transform | undefined {
  const encodings = String(header ?? '')
    .toLowerCase()
    .split(',')
    .map(encoding => encoding.trim())
    .filter(encoding => encoding !== '' && encoding !== 'identity');
  const [encoding, ...more] = encodings;
  if (encoding === undefined) return undefined;
  const decoder = more.length === 0 && Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined;
  if (decoder) return decoder();
  throw new TintypeError('source-refused', 'The source’s server encodes it in a way that is not accepted.');
}
