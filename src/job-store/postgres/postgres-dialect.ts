import { sql } from 'kysely';
import type { SqlDialect } from '../dialect.ts';

/** How Postgres says what databases say differently. */
export const postgresDialect: SqlDialect = {
  // Not `now()`, which stands still in a transaction: a lease begins when it is written.
  now: sql<number>`cast(extract(epoch from clock_timestamp()) * 1000 as bigint)`,
  each: json => sql`json_array_elements(cast(${json} as json))`,
  texts: json => sql`json_array_elements_text(cast(${json} as json)) as item (value)`,
  // Not `in (select …)`: it would read the whole table while that is small, and go on when it has grown.
  oneOf: json => sql`= any(array(select json_array_elements_text(cast(${json} as json))))`,
  list: column => sql`coalesce(cast(json_agg(${column}) as text), '[]')`,
  countingKey: sql`bigint generated always as identity primary key`,
  givenKeys: sql`overriding system value`,
  lastKey: table => sql`pg_sequence_last_value(${sequenceOf(table)})`,
  continueAfter: (table, key) => [sql`select setval(${sequenceOf(table)}, cast(${key} as bigint))`],
  commitsInOrder: false,
  // In the order of the locks, so that of two who want the same ones none waits for the other while that waits for him.
  lockOrder: keys => sql`select pg_advisory_xact_lock(id) from (
    select distinct hashtextextended(value, ${sql.lit(orderLocks)}) as id
    from json_array_elements_text(cast(${keys} as json)) as given (value) order by id
  ) as wanted`,
  skipLocked: sql`for update skip locked`,
};

/** Sets these locks apart from others on the same server: the hash's seed. */
const orderLocks = 7_301;

function sequenceOf(table: string) {
  return sql`cast(pg_get_serial_sequence(${table}, 'position') as regclass)`;
}
