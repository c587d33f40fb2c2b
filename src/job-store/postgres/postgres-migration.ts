import { Kysely, PostgresDialect } from 'kysely';
import { migrate } from '../migrate.ts';
import type { Tables } from '../tables.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { faultAtStart } from './postgres-faults.ts';
import { openPatientPool } from './postgres-pool.ts';

/**
 * Brings the tables up to date on a connection of its own, without a limit of time: an index of a large table takes
 * what it takes. Of several processes that start at once one does it, under an advisory lock, and the others wait.
 * Throws `storage-unavailable` where waiting may help, and `invalid-configuration` for what only a person can mend.
 * @param directUrl not a pooler's: the lock belongs to the connection
 */
export async function migratePostgres(directUrl: string): Promise<string[]> {
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: openPatientPool(directUrl) }) });
  try {
    return await migrate(db, postgresDialect);
  } catch (error) {
    throw faultAtStart(error);
  } finally {
    await db.destroy();
  }
}
