import { TintypeError } from './tintype-error.ts';

/** What a file system says when it is full, away, broken or not ours to write: later it may be well again. */
const storageCodes = new Set([
  'EACCES',
  'EDQUOT',
  'EIO',
  'EMFILE',
  'ENFILE',
  'ENOSPC',
  'EPERM',
  'EROFS',
  'ESTALE',
]);

/** The `code` of a system error (`ENOENT`, `ECONNREFUSED`, …), if the thrown value has one. */
export function systemCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}

/** A file system's fault as `storage-unavailable`; anything else as it is. */
export function asStorageFault(thrown: unknown): unknown {
  const code = systemCode(thrown);
  if (code === undefined || !storageCodes.has(code)) return thrown;
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  const message = isFull ? 'The storage is full.' : 'The storage can’t be read or written now.';
  return new TintypeError('storage-unavailable', message, { cause: thrown });
}
