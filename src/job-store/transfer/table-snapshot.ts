import { type Kysely, sql } from 'kysely';
import type { StoredRow, TableSnapshot } from '../../jobs/stored-tables.ts';
import type { SqlDialect } from '../dialect.ts';
import type { Tables } from '../tables.ts';
import { countingTables, transferredTables } from './transferred-tables.ts';

/** A row may hold tens of kilobytes that its caller chose. */
const pageSize = 200;

/** What the transaction sees, which must be one that reads a single state of the database. */
export async function tableSnapshot(
  trx: Kysely<Tables>,
  dialect: SqlDialect,
  schema: string,
): Promise<TableSnapshot> {
  const counters: Record<string, number> = {};
  for (const table of countingTables) {
    const { rows } = await sql<{ last: number | null }>`select ${dialect.lastKey(table)} as last`.execute(
      trx,
    );
    counters[table] = rows[0]?.last ?? 0;
  }
  return {
    schema,
    tables: [...transferredTables.keys()],
    counters,
    pages: table => pages(trx, table, transferredTables.get(table) ?? []),
  };
}

async function* pages(
  trx: Kysely<Tables>,
  table: string,
  key: readonly string[],
): AsyncGenerator<readonly StoredRow[]> {
  const columns = sql.join(key.map(column => sql.ref(column)));
  for (let last: StoredRow | undefined; ; ) {
    const from = last;
    const after = from && sql`where (${columns}) > (${sql.join(key.map(column => from[column]))})`;
    const { rows } = await sql<StoredRow>`select * from ${sql.table(table)} ${after ?? sql``}
      order by ${columns} limit ${sql.lit(pageSize)}`.execute(trx);
    if (rows.length > 0) yield rows;
    if (rows.length < pageSize) return;
    last = rows.at(-1);
  }
}
