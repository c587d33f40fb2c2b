import { type Kysely, type Selectable, sql } from 'kysely';
import type { SqlDialect } from '../dialect.ts';
import { prepare } from '../prepared.ts';
import type { JobsTable, Tables } from '../tables.ts';
import type { GroupsTable } from './group-tables.ts';

export type GroupRow = Selectable<GroupsTable>;
/** What decides whether a group has ended. */
export type CountedGroup = Pick<GroupRow, 'id' | 'remaining' | 'blocked' | 'order_key'>;

/** The statements for groups whose jobs end or run again, each compiled once and for any number of groups. */
export function groupQueries(db: Kysely<Tables>, dialect: SqlDialect) {
  const { now, oneOf } = dialect;
  return {
    countDown: countDown(db, dialect),
    end: prepare((p: { ids: string }) =>
      sql<GroupRow>`update groups set ended_at = ${now}, ends = ends + 1
        where id ${oneOf(p.ids)} returning *`.compile(db),
    ),
    jobs: prepare((p: { ids: string }) =>
      sql<Selectable<JobsTable>>`select * from jobs where group_id ${oneOf(p.ids)} order by id`.compile(db),
    ),
    insertExports: insertExports(db, dialect),
    hold: holdDeliveries(db, dialect),
    next: nextInOrder(db, dialect),
    letGo: prepare((p: { ids: string }) =>
      sql<CountedGroup>`update groups set blocked = 0 where id ${oneOf(p.ids)} and blocked = 1
        returning id, remaining, blocked, order_key`.compile(db),
    ),
    letJobsGo: prepare((p: { ids: string }) =>
      sql<Pick<Selectable<JobsTable>, 'ready'>>`update jobs set blocked = 0,
          ready = case when not_before > ${now} then 0 else 1 end,
          waiting = case when not_before > ${now} then 1 else 0 end
        where group_id ${oneOf(p.ids)} and blocked = 1 returning ready`.compile(db),
    ),
    reopen: reopen(db, dialect),
    first: firstInOrder(db, dialect),
  };
}

/** In the order of their ids, so that two who end jobs of the same groups don't wait for each other. */
function countDown(db: Kysely<Tables>, { texts }: SqlDialect) {
  return prepare((p: { ids: string }) =>
    sql<CountedGroup>`update groups set remaining = remaining - ended.jobs
      from (select value as id, count(*) as jobs from ${texts(p.ids)} group by 1 order by 1) as ended
      where groups.id = ended.id
      returning groups.id, groups.remaining, groups.blocked, groups.order_key`.compile(db),
  );
}

function insertExports(db: Kysely<Tables>, { each }: SqlDialect) {
  const text = (name: string) => sql`value ->> ${sql.lit(name)}`;
  return prepare((p: { exports: string }) =>
    sql<never>`insert into exports (group_id, position, object_key, bucket, key, content_type)
      select ${text('group_id')}, cast(${text('position')} as integer), ${text('object_key')}, ${text('bucket')},
        ${text('key')}, ${text('content_type')}
      from ${each(p.exports)} as item where true
      on conflict (group_id, position) do nothing`.compile(db),
  );
}

/** Of new deliveries: those that an earlier one with their order key and target goes before. */
function holdDeliveries(db: Kysely<Tables>, { oneOf }: SqlDialect) {
  return prepare((p: { ids: string }) =>
    sql<never>`update deliveries set ready = 0, blocked = 1
      where id ${oneOf(p.ids)} and exists (
        select 1 from deliveries as earlier
        where earlier.order_key = deliveries.order_key and earlier.target_key = deliveries.target_key
          and earlier.ended_at is null and (earlier.turn, earlier.id) < (deliveries.turn, deliveries.id)
      )`.compile(db),
  );
}

/** Of each key the oldest group that has not ended. */
function nextInOrder(db: Kysely<Tables>, { texts }: SqlDialect) {
  return prepare((p: { keys: string }) =>
    sql<{ id: string | null }>`select (
        select id from groups where order_key = value and ended_at is null order by turn limit 1
      ) as id from ${texts(p.keys)}`.compile(db),
  );
}

/** One with an order key that had ended waits for its turn again. */
function reopen(db: Kysely<Tables>, { texts }: SqlDialect) {
  return prepare((p: { ids: string }) =>
    sql<CountedGroup>`update groups set remaining = remaining + retried.jobs, ended_at = null,
        blocked = case when order_key is not null and ended_at is not null then 1 else blocked end
      from (select value as id, count(*) as jobs from ${texts(p.ids)} group by 1 order by 1) as retried
      where groups.id = retried.id
      returning groups.id, groups.remaining, groups.blocked, groups.order_key`.compile(db),
  );
}

/** Of these, those that no earlier one with their order key goes before. */
function firstInOrder(db: Kysely<Tables>, { oneOf }: SqlDialect) {
  return prepare((p: { ids: string }) =>
    sql<Pick<GroupRow, 'id'>>`select id from groups as reopened
      where id ${oneOf(p.ids)} and not exists (
        select 1 from groups as earlier
        where earlier.order_key = reopened.order_key and earlier.turn < reopened.turn and earlier.ended_at is null
      )`.compile(db),
  );
}
