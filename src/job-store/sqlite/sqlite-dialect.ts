import { sql } from 'kysely';
import type { SqlDialect } from '../dialect.ts';

/** How SQLite says what databases say differently. */
export const sqliteDialect: SqlDialect = {
  now: sql<number>`cast(unixepoch('subsec') * 1000 + 0.5 as integer)`,
  each: json => sql`json_each(${json})`,
  oneOf: json => sql`in (select value from json_each(${json}))`,
  list: column => sql`json_group_array(${column})`,
  countingKey: sql`integer not null primary key autoincrement`,
  commitsInOrder: true,
  // There is one writer.
  skipLocked: sql``,
};
