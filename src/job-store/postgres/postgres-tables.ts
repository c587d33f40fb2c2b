import { setTimeout } from 'node:timers/promises';
import { Kysely, PostgresDialect, sql } from 'kysely';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { StoredTables } from '../../jobs/stored-tables.ts';
import type { Tables } from '../tables.ts';
import { SqlStoredTables } from '../transfer/sql-stored-tables.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { faultAtStart } from './postgres-faults.ts';
import { applicationName, checkConnectionFiles, openPatientPool } from './postgres-pool.ts';

const longestWaitMs = 3_000;
const askEveryMs = 250;

/**
 * Opens the tables on a connection of its own. Throws `invalid-configuration` when a file that the address names can't
 * be read.
 * @param isAlone throws `storage-unavailable` while another process of Tintype is connected: a service always is
 * @param directUrl not a pooler's: what is read and filled may take long
 */
export async function openPostgresTables(directUrl: string, isAlone: boolean): Promise<StoredTables> {
  checkConnectionFiles(directUrl);
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: openPatientPool(directUrl) }) });
  const close = () => db.destroy();
  try {
    if (isAlone) await requireNobody(db);
  } catch (error) {
    await close();
    throw faultAtStart(error);
  }
  return new SqlStoredTables({ db, dialect: postgresDialect, inOurWords: faultAtStart, close });
}

async function requireNobody(db: Kysely<Tables>): Promise<void> {
  const others = sql`select 1 from pg_stat_activity
    where datname = current_database() and application_name = ${applicationName} and pid <> pg_backend_pid()`;
  // One that has just ended may be listed for a moment.
  for (let waited = 0; waited <= longestWaitMs; waited += askEveryMs) {
    const { rows } = await others.execute(db);
    if (rows.length === 0) return;
    await setTimeout(askEveryMs);
  }
  const message =
    'A process of Tintype is connected to the database that DATABASE_URL names: stop every service that uses it.';
  throw new TintypeError('storage-unavailable', message);
}
