import { TintypeError } from '../errors/tintype-error.ts';

const plainSegments = /^(?!\.)[A-Za-z0-9._-]+(?:\/(?!\.)[A-Za-z0-9._-]+)*$/;

/** Whether the key is a relative path of plain segments, as ObjectStore describes it. */
export function isKey(key: string): boolean {
  return plainSegments.test(key);
}

/** Whether a key can start like this. Stores that are folders inside take `..` for what it is there. */
export function canStartKey(prefix: string): boolean {
  return isKey(`${prefix}x`);
}

/** Throws `not-found` for any other key. */
export function checkKey(key: string): void {
  if (!isKey(key)) throw noSuchObject();
}

export function noSuchObject(): TintypeError {
  return new TintypeError('not-found', 'There is no such object.');
}

export function isNoSuchObject(error: unknown): boolean {
  return error instanceof TintypeError && error.code === 'not-found';
}
