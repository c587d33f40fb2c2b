import { MongoBulkWriteError, MongoError, MongoServerError } from 'mongodb';
import { TintypeError } from '../errors/tintype-error.ts';

/** Whether MongoDB has understood and said no, such as for want of a right or by a validator: asking again will hardly help. */
export function isRefusal(error: unknown): error is MongoServerError {
  const passing = ['RetryableWriteError', 'TransientTransactionError', 'NetworkError'];
  if (!(error instanceof MongoServerError)) return false;
  // A bulk write wraps whatever the client threw, such as for a lost connection, as if the server had said it.
  return !(error.errorResponse instanceof MongoError) && !passing.some(label => error.hasErrorLabel(label));
}

/** Whether there is another document with the same value in a unique index. */
export function isDuplicate(error: unknown): error is MongoServerError {
  return error instanceof MongoServerError && error.code === 11_000;
}

/**
 * Which writes of a bulk write were not done, by their place in it, where all others were and each of these is a duplicate;
 * undefined for any other error.
 */
export function duplicatesAlone(error: unknown): number[] | undefined {
  if (!(error instanceof MongoBulkWriteError) || error.result.getWriteConcernError()) return undefined;
  const faults = [error.writeErrors].flat();
  // None at all: the command itself has failed, and nobody knows what was written.
  if (faults.length === 0 || faults.some(({ code }) => code !== 11_000)) return undefined;
  return faults.map(({ index }) => index);
}

/** That MongoDB is away, as `storage-unavailable`; anything else as it is. */
export function asMongoFault(thrown: unknown): unknown {
  if (!(thrown instanceof MongoError) || isRefusal(thrown)) return thrown;
  return new TintypeError('storage-unavailable', 'The database can’t be reached now.', { cause: thrown });
}
