import { Kysely, PostgresDialect } from 'kysely';
import type { StoredTables } from '../../jobs/stored-tables.ts';
import type { Tables } from '../tables.ts';
import { SqlStoredTables } from '../transfer/sql-stored-tables.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { faultAtStart } from './postgres-faults.ts';
import { checkConnectionFiles, openPatientPool } from './postgres-pool.ts';

/**
 * Opens the tables on a connection of its own. Throws `invalid-configuration` when a file that the address names can't
 * be read.
 * @param directUrl not a pooler's: what is read and filled may take long
 */
export function openPostgresTables(directUrl: string): StoredTables {
  checkConnectionFiles(directUrl);
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: openPatientPool(directUrl) }) });
  const close = () => db.destroy();
  return new SqlStoredTables({ db, dialect: postgresDialect, inOurWords: faultAtStart, close });
}
