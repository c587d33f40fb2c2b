import { findErrorBy } from '@platformatic/kafka';

/** What the brokers will never take, by the protocol's names. */
const tooLarge = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'];

export function isTooLarge(error: unknown): boolean {
  return error instanceof Error && tooLarge.some(name => findErrorBy(error, 'apiId', name) !== null);
}

/** A member's claim to its partitions is over, or about to be: it has to join the group again. */
export function needsRejoin(error: unknown): boolean {
  return error instanceof Error && findErrorBy(error, 'needsRejoin', true) !== null;
}

/** The error with all that it was made of: the client puts what failed at each broker into lists, and into causes. */
export function* connectionFaults(error: unknown): Generator<Error> {
  if (!(error instanceof Error)) return;
  yield error;
  for (const each of error instanceof AggregateError ? error.errors : []) yield* connectionFaults(each);
  yield* connectionFaults(error.cause);
}
