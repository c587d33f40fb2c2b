import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { StoredRow, TableSnapshot } from '../../jobs/stored-tables.ts';
import type { SqlDialect } from '../dialect.ts';
import type { Tables } from '../tables.ts';

/** SQLite binds 32,766 values at most, Postgres 65,535. */
const mostValues = 16_000;
/**
 * Left out of the counting keys after a restore. Somebody may have seen keys that were given after the backup; an event
 * under one of those would look to him as if he had it already.
 */
const keysLeftOut = 1_000_000_000;

/**
 * Inserts rows of one table, all of which have the same columns.
 * @param givenKeys what the database wants to hear when they bring a counting key
 */
export async function insertRows(
  trx: Kysely<Tables>,
  table: string,
  rows: readonly StoredRow[],
  givenKeys: RawBuilder<unknown>,
): Promise<void> {
  const names = Object.keys(rows[0] ?? {});
  const columns = sql.join(names.map(name => sql.ref(name)));
  const atOnce = Math.floor(mostValues / names.length);
  for (let start = 0; start < rows.length; start += atOnce) {
    const values = rows
      .slice(start, start + atOnce)
      .map(row => sql`(${sql.join(names.map(name => row[name]))})`);
    await sql`insert into ${sql.table(table)} (${columns}) ${givenKeys} values ${sql.join(values)}`.execute(
      trx,
    );
  }
}

/** Numbers new rows after all that were ever given. */
export async function continueCounting(
  trx: Kysely<Tables>,
  dialect: SqlDialect,
  counters: TableSnapshot['counters'],
): Promise<void> {
  for (const [table, last] of Object.entries(counters)) {
    const statements = dialect.continueAfter(table, last + keysLeftOut);
    for (const statement of statements) await statement.execute(trx);
  }
}

/** Their holders are in another world: jobs and deliveries that were under way may be taken up at once. */
export async function endLeases(trx: Kysely<Tables>, { now }: SqlDialect): Promise<void> {
  await sql`update jobs set lease_ends_at = ${now} where lease_ends_at is not null`.execute(trx);
  await sql`update deliveries set due_at = ${now} where leased = 1`.execute(trx);
}
