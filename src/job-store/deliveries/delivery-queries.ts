import { type Kysely, type Selectable, sql } from 'kysely';
import { nextTurns } from '../attempts/fair-turns.ts';
import type { SqlDialect } from '../dialect.ts';
import type { ExportsTable } from '../groups/group-tables.ts';
import { opaqueNumber } from '../opaque-value.ts';
import { prepare } from '../prepared.ts';
import type { Tables } from '../tables.ts';
import type { CurrentEndpoint } from './delivery-rows.ts';
import type { DeliveriesTable } from './delivery-tables.ts';

type Row = Selectable<DeliveriesTable>;
interface EndParameters {
  id: string;
  claim: number;
  status: string;
  failed: number;
  ready: number;
  /** Null unless it waits for another try. */
  delayMs: number | null;
}

/** The statements of the relay's side, each compiled once. */
export function deliveryQueries(db: Kysely<Tables>, dialect: SqlDialect) {
  const { now } = dialect;
  return {
    owners: nextTurns(db, dialect, { table: 'deliveries', party: 'owner', order: 'target_key, id' }),
    targets: nextTurns(db, dialect, {
      table: 'deliveries',
      party: 'target_key',
      order: 'id',
      withinOwner: true,
    }),
    take: prepare((p: { ids: string; leaseMs: number }) =>
      sql<Row>`update deliveries set ready = 0, leased = 1, claims = claims + 1, due_at = ${now} + ${p.leaseMs}
        where id ${dialect.oneOf(p.ids)} and ready = 1 returning *`.compile(db),
    ),
    endpoints: currentEndpoints(db, dialect),
    exports: prepare((p: { ids: string }) =>
      sql<Selectable<ExportsTable>>`select * from exports where group_id ${dialect.oneOf(p.ids)}
        and done_at is null order by group_id, position`.compile(db),
    ),
    exported: prepare((p: { group: string; positions: string }) =>
      sql<never>`update exports set done_at = ${now} where group_id = ${p.group} and done_at is null
        and position in (select cast(value as integer) from ${dialect.texts(p.positions)})`.compile(db),
    ),
    end: endTry(db, dialect),
    next: nextInOrder(db),
    insertTry: insertTry(db),
    dropTry: prepare((p: { id: string; try: number }) =>
      sql<never>`delete from delivery_tries where delivery_id = ${p.id} and try <= ${p.try}`.compile(db),
    ),
    switchOff: prepare((p: { id: string }) =>
      sql<never>`update webhook_endpoints set enabled = 0 where id = ${p.id}`.compile(db),
    ),
    ready: makeReady(db, dialect),
    nextDue: prepare(() =>
      sql<{ due_in: number }>`select due_at - ${now} as due_in from deliveries where due_at is not null
        order by due_at limit 1`.compile(db),
    ),
    backlog: prepare(() =>
      sql<{ pending: number; oldest: number | null }>`select count(*) as pending, min(pending_since) as oldest
        from deliveries where status = 'pending'`.compile(db),
    ),
    prune: pruneEnded(db, dialect),
  };
}

function currentEndpoints(db: Kysely<Tables>, { now, oneOf }: SqlDialect) {
  return prepare((p: { ids: string }) =>
    sql<CurrentEndpoint>`select id, url, enabled, secret,
        case when previous_secret_ends_at > ${now} then previous_secret end as previous_secret
      from webhook_endpoints where id ${oneOf(p.ids)}`.compile(db),
  );
}

function endTry(db: Kysely<Tables>, { now }: SqlDialect) {
  return prepare((p: EndParameters) =>
    sql<
      Pick<Row, 'endpoint_id' | 'target_key' | 'order_key'>
    >`update deliveries set status = ${p.status}, ready = ${p.ready}, leased = 0,
        failures = failures + ${p.failed}, due_at = ${now} + cast(${p.delayMs} as bigint),
        ended_at = case when ${p.status} = 'pending' then null else ${now} end
      where id = ${p.id} and claims = ${p.claim} and status = 'pending' returning endpoint_id, target_key, order_key`.compile(
      db,
    ),
  );
}

/** It is the turn of the oldest delivery that has not ended. */
function nextInOrder(db: Kysely<Tables>) {
  return prepare((p: { target: string; order: string }) =>
    sql<never>`update deliveries set ready = 1, blocked = 0
      where blocked = 1 and id = (
        select id from deliveries
        where order_key = ${p.order} and target_key = ${p.target} and ended_at is null
        order by turn, id limit 1
      )`.compile(db),
  );
}

function makeReady(db: Kysely<Tables>, { now }: SqlDialect) {
  return prepare((p: { limit: number }) =>
    sql<never>`update deliveries set ready = 1, leased = 0, due_at = null where id in (
      select id from deliveries where due_at is not null and due_at <= ${now}
      order by due_at limit ${opaqueNumber(p.limit)}
    )`.compile(db),
  );
}

function pruneEnded(db: Kysely<Tables>, { now }: SqlDialect) {
  return prepare((p: { maxAgeMs: number; limit: number }) =>
    sql<never>`delete from deliveries where id in (
      select id from deliveries where ended_at is not null and ended_at < ${now} - ${p.maxAgeMs}
      order by ended_at limit ${opaqueNumber(p.limit)}
    )`.compile(db),
  );
}

interface TryParameters {
  id: string;
  try: number;
  at: number;
  status: number | null;
  latencyMs: number;
  error: string | null;
}

function insertTry(db: Kysely<Tables>) {
  return prepare((p: TryParameters) =>
    sql<never>`insert into delivery_tries (delivery_id, try, at, status, latency_ms, error)
      values (${p.id}, ${p.try}, ${p.at}, ${p.status}, ${p.latencyMs}, ${p.error})`.compile(db),
  );
}
