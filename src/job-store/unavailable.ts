import { TintypeError } from '../errors/tintype-error.ts';

/** What a caller is told when the database is in the way and waiting may help. */
export function unavailable(cause?: unknown): TintypeError {
  return new TintypeError('storage-unavailable', 'The job store is not available at the moment.', { cause });
}
