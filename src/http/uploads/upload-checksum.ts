import { createHash } from 'node:crypto';
import { TintypeError } from '../../errors/tintype-error.ts';

/** As `Tus-Checksum-Algorithm` lists them. */
export const checksumAlgorithms = ['sha1', 'sha256', 'md5'] as const;

/** What a piece of an upload must turn out to be. */
export interface PieceChecksum {
  update(chunk: Buffer): void;
  /** Throws `checksum-mismatch`. */
  verify(): void;
}

/**
 * Of the header `Upload-Checksum` (tus 1.0, checksum extension), such as `sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=`; undefined
 * without it. Throws `invalid-request` for one that can't be read or names another algorithm.
 */
export function pieceChecksum(header: string | undefined): PieceChecksum | undefined {
  if (header === undefined) return undefined;
  const [, name, sum] = /^(\w+) ([A-Za-z0-9+/]+=*)$/.exec(header) ?? [];
  const algorithm = checksumAlgorithms.find(known => known === name);
  if (algorithm === undefined || sum === undefined) {
    const message = `"Upload-Checksum" must be one of ${checksumAlgorithms.join(', ')}, a space, and the checksum in Base64.`;
    throw new TintypeError('invalid-request', message);
  }
  const hash = createHash(algorithm);
  return {
    update: chunk => void hash.update(chunk),
    verify() {
      if (hash.digest().equals(Buffer.from(sum, 'base64'))) return;
      throw new TintypeError('checksum-mismatch', `The bytes do not have this ${algorithm} checksum.`);
    },
  };
}
