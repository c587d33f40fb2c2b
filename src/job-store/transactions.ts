import type { Kysely, Transaction } from 'kysely';
import type { Tables } from './tables.ts';

/**
 * Everything in one transaction: all of it or nothing. Single statements that write use it as well. A driver that puts
 * several transactions into one commit answers for none of them before that.
 */
export function write<T>(db: Kysely<Tables>, work: (trx: Transaction<Tables>) => Promise<T>): Promise<T> {
  return db.transaction().execute(work);
}

/** Several reads of one state of the database; keeps no writer waiting. */
export function read<T>(db: Kysely<Tables>, work: (trx: Transaction<Tables>) => Promise<T>): Promise<T> {
  return db.transaction().setAccessMode('read only').execute(work);
}
