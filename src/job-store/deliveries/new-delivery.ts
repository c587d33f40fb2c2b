import { type Kysely, type Selectable, sql } from 'kysely';
import type { SqlDialect } from '../dialect.ts';
import { prepare } from '../prepared.ts';
import type { Tables } from '../tables.ts';
import type { DeliveriesTable } from './delivery-tables.ts';

const texts = [
  'id',
  'job_id',
  'group_id',
  'owner',
  'type',
  'kind',
  'target',
  'endpoint_id',
  'target_key',
  'order_key',
  'body',
] as const;
const numbers = ['run', 'turn'] as const;

/** A delivery to be; the database adds the times. */
export type NewDelivery = Pick<
  Selectable<DeliveriesTable>,
  (typeof texts)[number] | (typeof numbers)[number]
>;

/** Records deliveries, any number with one statement: an array of `NewDelivery`s, bound as JSON. */
export function insertDeliveries(db: Kysely<Tables>, { now, each }: SqlDialect) {
  const columns = sql.join([...texts, ...numbers].map(name => sql.ref(name)));
  const values = sql.join([
    ...texts.map(name => sql`value ->> ${sql.lit(name)}`),
    ...numbers.map(name => sql`cast(value ->> ${sql.lit(name)} as bigint)`),
  ]);
  return prepare((p: { deliveries: string }) =>
    sql<never>`insert into deliveries (${columns}, status, claims, failures, created_at, pending_since, ready, leased)
      select ${values}, 'pending', 0, 0, clock.now, clock.now, 1, 0
      from ${each(p.deliveries)} as item, (select ${now} as now) as clock`.compile(db),
  );
}
