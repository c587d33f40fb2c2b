import { TintypeError } from '../errors/tintype-error.ts';

/** Where a page ends whose rows come newest first by their ids (UUIDv7): the next one starts after it. */
export function encodeIdCursor(id: string): string {
  return Buffer.from(id).toString('base64url');
}

/** Throws `invalid-request` for what `encodeIdCursor` did not make. */
export function decodeIdCursor(cursor: string): string {
  const id = Buffer.from(cursor, 'base64url').toString();
  if (/^[0-9a-f-]{36}$/.test(id) && encodeIdCursor(id) === cursor) return id;
  throw new TintypeError('invalid-request', 'This cursor is not one that this list gave out.', {
    pointer: '/cursor',
  });
}
