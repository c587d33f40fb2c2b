import { type Kysely, sql } from 'kysely';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { AddRows, StoredTables, TableSnapshot } from '../../jobs/stored-tables.ts';
import type { SqlDialect } from '../dialect.ts';
import { type MigrationName, migrate, migrationNames, newestMigration } from '../migrate.ts';
import type { Tables } from '../tables.ts';
import { write } from '../transactions.ts';
import { continueCounting, endLeases, insertRows } from './fill-tables.ts';
import { tableSnapshot } from './table-snapshot.ts';
import { filledTables } from './transferred-tables.ts';

/** A connection that nobody else uses meanwhile, and what belongs to its database. */
export interface TablesConnection {
  readonly db: Kysely<Tables>;
  readonly dialect: SqlDialect;
  /** What the driver threw. */
  inOurWords(thrown: unknown): TintypeError;
  close(): Promise<void>;
}

export class SqlStoredTables implements StoredTables {
  readonly #connection: TablesConnection;

  constructor(connection: TablesConnection) {
    this.#connection = connection;
  }

  read<T>(work: (snapshot: TableSnapshot) => Promise<T>): Promise<T> {
    const { db, dialect } = this.#connection;
    return this.#told(async () => {
      const schema = await newestMigration(db, dialect);
      const expected = migrationNames.at(-1);
      if (schema === undefined || schema !== expected) throw otherVersion(schema, expected);
      const reading = db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only');
      return reading.execute(async trx => work(await tableSnapshot(trx, dialect, schema)));
    });
  }

  requireEmpty(): Promise<void> {
    return this.#told(() => requireEmpty(this.#connection.db));
  }

  makeAsOf(schema: string): Promise<void> {
    const { db, dialect } = this.#connection;
    return this.#told(async () => {
      if (!isKnown(schema)) {
        const message = `This backup is of a later version of Tintype, with tables as of ${schema}: restore it with that version.`;
        throw new TintypeError('invalid-request', message);
      }
      const newest = await newestMigration(db, dialect);
      if (newest !== undefined && newest > schema) {
        const message = `The job store that DATABASE_URL names has tables as of ${newest}, the backup as of ${schema}. Accepted: a job store without tables, which are made and brought up to date.`;
        throw new TintypeError('invalid-configuration', message);
      }
      if (newest !== schema) await migrate(db, dialect, schema);
    });
  }

  fill(counters: TableSnapshot['counters'], work: (add: AddRows) => Promise<void>): Promise<void> {
    const { db, dialect } = this.#connection;
    return this.#told(() =>
      write(db, async trx => {
        await requireEmpty(trx);
        const givenKeys = (table: string) => (table in counters ? dialect.givenKeys : sql``);
        await work((table, rows) => insertRows(trx, table, rows, givenKeys(table)));
        await continueCounting(trx, dialect, counters);
        await endLeases(trx, dialect);
      }),
    );
  }

  async migrate(): Promise<void> {
    const { db, dialect } = this.#connection;
    await this.#told(() => migrate(db, dialect));
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  async #told<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.#connection.inOurWords(error);
    }
  }
}

/** Of tables that are there: before the newest migration some are not. */
async function requireEmpty(db: Kysely<Tables>): Promise<void> {
  const made = await db.introspection.getTables();
  for (const table of filledTables.filter(name => made.some(each => each.name === name))) {
    const { rows } = await sql`select 1 from ${sql.table(table)} limit 1`.execute(db);
    if (rows.length === 0) continue;
    const message = `The job store that DATABASE_URL names is not empty: the table ${table} has rows. Accepted: one without any.`;
    throw new TintypeError('invalid-configuration', message);
  }
}

function isKnown(schema: string): schema is MigrationName {
  return (migrationNames as readonly string[]).includes(schema);
}

function otherVersion(found: string | undefined, expected: string | undefined): TintypeError {
  const message =
    found === undefined
      ? 'The job store has no tables yet: there is nothing to back up.'
      : `The job store’s tables are as of ${found}, those of this version as of ${expected}: run \`tintype migrate\` of the newest version, and back up with that.`;
  return new TintypeError('invalid-configuration', message);
}
