import type { Kysely, Transaction } from 'kysely';
import type { Tables } from './tables.ts';

/** Everything in one transaction, durable once it resolves. */
export function write<T>(db: Kysely<Tables>, work: (trx: Transaction<Tables>) => Promise<T>): Promise<T> {
  return db.transaction().execute(work);
}

/** Several reads of one state of the database; keeps no writer waiting. */
export function read<T>(db: Kysely<Tables>, work: (trx: Transaction<Tables>) => Promise<T>): Promise<T> {
  return db.transaction().setAccessMode('read only').execute(work);
}
