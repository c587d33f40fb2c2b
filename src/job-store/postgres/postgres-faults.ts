import { TintypeError } from '../../errors/tintype-error.ts';

/**
 * Classes of SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html) that say "not now": nothing is
 * wrong with what was asked. Connections, insufficient resources, an operator's intervention, system errors.
 */
const passingClasses = ['08', '53', '57', '58'];
/** A standby that has not been promoted yet, and a login that is being changed. */
const passingCodes = ['25006', '28P01', '3D000'];
/** A serialization failure, a deadlock, a lock that was not to be had: the same transaction may pass now. */
const conflicts = ['40001', '40P01', '55P03'];

const mostTries = 5;

/** Runs one transaction, again where it met another; what it throws at last is in our words. */
export async function withPostgresFaults<T>(transaction: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await transaction();
    } catch (thrown) {
      if (!conflicts.includes(stateOf(thrown)) || tries === mostTries) throw fromPostgres(thrown);
    }
  }
}

/** What the database or its client threw: `storage-unavailable` where waiting may help, else `internal`. */
export function fromPostgres(thrown: unknown): TintypeError {
  if (thrown instanceof TintypeError) return thrown;
  const state = stateOf(thrown);
  const isPassing =
    passingClasses.includes(state.slice(0, 2)) ||
    passingCodes.includes(state) ||
    conflicts.includes(state) ||
    isConnectionFault(thrown);
  if (!isPassing) return TintypeError.from(thrown);
  return new TintypeError('storage-unavailable', 'The job store is not available at the moment.', {
    cause: thrown,
  });
}

/** The five characters of an error that the database sent, or ''. */
function stateOf(thrown: unknown): string {
  const code = thrown instanceof Error && 'severity' in thrown && 'code' in thrown ? thrown.code : '';
  return typeof code === 'string' ? code : '';
}

/** The client's own errors carry a code of the system (ECONNREFUSED) or none but their text. */
function isConnectionFault(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || 'severity' in thrown) return false;
  if (thrown instanceof AggregateError) return thrown.errors.some(isConnectionFault);
  const code = 'code' in thrown ? String(thrown.code) : '';
  return /^E[A-Z]+$/.test(code) || /connect|terminated|timeout|pool after calling end/i.test(thrown.message);
}
