import { MongoError, MongoServerError } from 'mongodb';
import { TintypeError } from '../errors/tintype-error.ts';

/** Whether MongoDB has understood and said no, such as for want of a right or by a validator: asking again will hardly help. */
export function isRefusal(error: unknown): error is MongoServerError {
  const passing = ['RetryableWriteError', 'TransientTransactionError', 'NetworkError'];
  return error instanceof MongoServerError && !passing.some(label => error.hasErrorLabel(label));
}

/** Whether there is another document with the same value in a unique index. */
export function isDuplicate(error: unknown): error is MongoServerError {
  return error instanceof MongoServerError && error.code === 11_000;
}

/** That MongoDB is away, as `storage-unavailable`; anything else as it is. */
export function asMongoFault(thrown: unknown): unknown {
  if (!(thrown instanceof MongoError) || isRefusal(thrown)) return thrown;
  return new TintypeError('storage-unavailable', 'The database can’t be reached now.', { cause: thrown });
}
