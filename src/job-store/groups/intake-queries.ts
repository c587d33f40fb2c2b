import { type Kysely, sql } from 'kysely';
import type { SqlDialect } from '../dialect.ts';
import { prepare } from '../prepared.ts';
import type { Tables } from '../tables.ts';

/** The statements for new groups, each compiled once and for any number of them. */
export function intakeQueries(db: Kysely<Tables>, dialect: SqlDialect) {
  return {
    turns: prepare((p: { keys: string }) =>
      sql<{ order_key: string; turn: number | null }>`select value as order_key,
          (select max(turn) from groups where order_key = value) as turn
        from ${dialect.texts(p.keys)}`.compile(db),
    ),
    insert: insertGroups(db, dialect),
    block: prepare((p: { ids: string }) =>
      sql<{ id: string }>`update groups set blocked = 1
        where id ${dialect.oneOf(p.ids)} and exists (
          select 1 from groups as earlier
          where earlier.order_key = groups.order_key and earlier.turn < groups.turn and earlier.ended_at is null
        )
        returning id`.compile(db),
    ),
  };
}

/** Leaves out those whose event is known: where two bring it at once, the second waits for the first. */
function insertGroups(db: Kysely<Tables>, { now, each }: SqlDialect) {
  const text = (name: string) => sql`value ->> ${sql.lit(name)}`;
  const jobs = sql`cast(${text('jobs')} as integer)`;
  return prepare((p: { groups: string }) =>
    sql<{
      id: string;
    }>`insert into groups (id, event_key, owner, order_key, turn, blocked, jobs, remaining, ends,
        refused, context, exports, targets, created_at)
      select ${text('id')}, ${text('event_key')}, ${text('owner')}, ${text('order_key')},
        cast(${text('turn')} as bigint), 0, ${jobs}, ${jobs}, 0, ${text('refused')}, ${text('context')},
        ${text('exports')}, ${text('targets')}, clock.now
      from ${each(p.groups)} as item, (select ${now} as now) as clock where true
      on conflict (event_key) do nothing
      returning id`.compile(db),
  );
}
