import { type RawBuilder, sql } from 'kysely';

/*
 * SQLite plans a query for the value of a bare parameter where that could matter (a limit, a column of a partial index's
 * condition), and then plans it again each time the value is bound, which costs more than our queries do. Behind a cast
 * it does not look. (`sqlite3VdbeSetVarmask` in its source.)
 */

export function opaqueNumber(value: number | undefined): RawBuilder<number> {
  return sql<number>`cast(${value} as bigint)`;
}

export function opaqueText(value: string | undefined): RawBuilder<string> {
  return sql<string>`cast(${value} as text)`;
}
