import { Kysely } from 'kysely';
import type { StoredTables } from '../../jobs/stored-tables.ts';
import type { Tables } from '../tables.ts';
import { SqlStoredTables } from '../transfer/sql-stored-tables.ts';
import { GroupedTransactions } from './grouped-transactions.ts';
import { openDatabase } from './sqlite-database.ts';
import { sqliteDialect } from './sqlite-dialect.ts';
import { kyselyDialect } from './sqlite-driver.ts';
import { fromSqlite } from './sqlite-faults.ts';
import { lockExclusively } from './sqlite-lock.ts';

/**
 * Opens the tables in this very thread: whoever copies them has nobody else to serve.
 * @param isAlone throws `storage-unavailable` while a service has the file, and keeps services from it
 */
export function openSqliteTables(file: string, isAlone: boolean): StoredTables {
  using cleanup = new DisposableStack();
  try {
    const database = cleanup.adopt(openDatabase(file), opened => opened.close());
    if (isAlone) cleanup.use(lockExclusively(file));
    const db = new Kysely<Tables>({ dialect: kyselyDialect(database, new GroupedTransactions(database)) });
    const kept = cleanup.move();
    const close = async () => kept.dispose();
    return new SqlStoredTables({ db, dialect: sqliteDialect, inOurWords: fromSqlite, close });
  } catch (error) {
    throw fromSqlite(error);
  }
}
