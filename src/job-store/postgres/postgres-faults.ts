import { systemCode } from '../../errors/storage-fault.ts';
import { TintypeError } from '../../errors/tintype-error.ts';
import { unavailable } from '../unavailable.ts';

/**
 * Classes of SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html) that say "not now": nothing is
 * wrong with what was asked. Connections, insufficient resources, an operator's intervention, system errors.
 */
const passingClasses = ['08', '53', '57', '58'];
/** A standby that has not been promoted yet, and a login that is being changed. */
const passingCodes = ['25006', '28P01', '3D000'];
/** A serialization failure, a deadlock, a lock that was not to be had: the same transaction may pass now. */
const conflicts = ['40001', '40P01', '55P03'];

/** A NUL, or half of a pair of surrogates: texts in Postgres can't hold them. */
const unstorableText = ['22021', '22P05', '22P02'];

/** Not before `tintype migrate` or the start of a service. */
const noSuchTable = '42P01';
/**
 * A wrong login, no such role or one that may not log in from here, no such database, no right to make tables; and what
 * OpenSSL says of certificates.
 */
const mendedByPeople = ['28P01', '28000', '3D000', '42501'];
const tlsFault = /CERT|SSL|TLS|UNABLE_TO_|HOSTNAME_MISMATCH/;

const mostTries = 5;

/** Runs one transaction, again where it met another or a change of the tables; what it throws at last is in our words. */
export async function withPostgresFaults<T>(transaction: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await transaction();
    } catch (thrown) {
      const mayPass = conflicts.includes(stateOf(thrown)) || isPlanStale(thrown);
      if (!mayPass || tries === mostTries) throw fromPostgres(thrown);
    }
  }
}

/**
 * What the database or its client threw: `storage-unavailable` where waiting may help, `invalid-request` where a text was
 * given that can't be stored, else `internal`.
 */
export function fromPostgres(thrown: unknown): TintypeError {
  if (thrown instanceof TintypeError) return thrown;
  const state = stateOf(thrown);
  if (state === noSuchTable) {
    const message = 'The job store has no tables yet: run `tintype migrate`, or start the service.';
    return new TintypeError('storage-unavailable', message, { cause: thrown });
  }
  if (unstorableText.includes(state)) {
    const message = 'A text of the request holds characters that can’t be stored.';
    return new TintypeError('invalid-request', message, { cause: thrown });
  }
  const isPassing =
    passingClasses.includes(state.slice(0, 2)) ||
    passingCodes.includes(state) ||
    conflicts.includes(state) ||
    isConnectionFault(thrown);
  if (!isPassing) return TintypeError.from(thrown);
  return unavailable(thrown);
}

/** The same before anything has worked: what only a person can mend is `invalid-configuration`. */
export function faultAtStart(thrown: unknown): TintypeError {
  const fault = fromPostgres(thrown);
  if (!(thrown instanceof Error) || !isForPeople(thrown)) return fault;
  const message = `The database that DATABASE_URL names can’t be used: ${thrown.message.replace(/\.$/, '')}.`;
  return new TintypeError('invalid-configuration', message);
}

/** Where the server knows no TLS, the client says so in words alone. */
function isForPeople(thrown: Error): boolean {
  return (
    mendedByPeople.includes(stateOf(thrown)) ||
    tlsFault.test(systemCode(thrown) ?? '') ||
    / SSL /.test(thrown.message)
  );
}

/** A statement that a connection keeps by a name (`NamedStatements`) is of before its table was changed. */
export function isPlanStale(thrown: unknown): boolean {
  // The message is in the server's language, the code one of many meanings: this is the place in Postgres's source.
  return thrown instanceof Error && 'routine' in thrown && thrown.routine === 'RevalidateCachedQuery';
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
  const code = systemCode(thrown) ?? '';
  const isOfSystem = /^E[A-Z]+$/.test(code) || tlsFault.test(code);
  return isOfSystem || /connect|terminated|timeout|pool after calling end/i.test(thrown.message);
}
