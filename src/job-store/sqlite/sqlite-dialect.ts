import { sql } from 'kysely';
import type { SqlDialect } from '../dialect.ts';

/** How SQLite says what databases say differently. */
export const sqliteDialect: SqlDialect = {
  now: sql<number>`cast(unixepoch('subsec') * 1000 + 0.5 as integer)`,
  each: json => sql`json_each(${json})`,
  texts: json => sql`json_each(${json}) as item`,
  oneOf: json => sql`in (select value from json_each(${json}))`,
  list: column => sql`json_group_array(${column})`,
  countingKey: sql`integer not null primary key autoincrement`,
  givenKeys: sql``,
  lastKey: table => sql`(select seq from sqlite_sequence where name = ${table})`,
  // https://www.sqlite.org/autoinc.html: an ordinary table, in which one that never had a row is missing.
  continueAfter: (table, key) => [
    sql`delete from sqlite_sequence where name = ${table}`,
    sql`insert into sqlite_sequence (name, seq) values (${table}, ${key})`,
  ],
  commitsInOrder: true,
  // There is one writer.
  lockOrder: undefined,
  skipLocked: sql``,
};
