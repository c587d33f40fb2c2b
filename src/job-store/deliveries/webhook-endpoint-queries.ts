import { type Kysely, type Selectable, sql } from 'kysely';
import type { SqlDialect } from '../dialect.ts';
import { opaqueNumber } from '../opaque-value.ts';
import { prepare } from '../prepared.ts';
import type { Tables } from '../tables.ts';
import type { WebhookEndpointsTable } from './delivery-tables.ts';

type Row = Selectable<WebhookEndpointsTable>;
/** An endpoint, hidden from other owners where `owner` is given. */
interface OwnedEndpoint {
  id: string;
  owner: string | null;
}
type InsertParameters = Omit<Row, 'previous_secret' | 'previous_secret_ends_at' | 'created_at'>;
/** Null leaves a column as it is; a template of `null` in JSON clears it. */
interface ChangeParameters extends OwnedEndpoint {
  url: string | null;
  events: string | null;
  enabled: number | null;
  template: string | null;
}

/** The statements for owners' webhook endpoints, each compiled once. */
export function webhookEndpointQueries(db: Kysely<Tables>, { now }: SqlDialect) {
  const owned = (p: OwnedEndpoint) => sql`id = ${p.id} and owner = coalesce(${p.owner}, owner)`;
  return {
    count: prepare((p: { owner: string }) =>
      sql<{ endpoints: number }>`select count(*) as endpoints from webhook_endpoints
        where owner = ${p.owner}`.compile(db),
    ),
    insert: prepare((p: InsertParameters) =>
      sql<Row>`insert into webhook_endpoints (id, owner, url, events, enabled, template, secret, created_at)
        values (${p.id}, ${p.owner}, ${p.url}, ${p.events}, ${p.enabled}, ${p.template}, ${p.secret}, ${now})
        returning *`.compile(db),
    ),
    byId: prepare((p: OwnedEndpoint) =>
      sql<Row>`select * from webhook_endpoints where ${owned(p)}`.compile(db),
    ),
    page: prepare((p: { before: string; limit: number }) =>
      sql<Row>`select * from webhook_endpoints where id < ${p.before}
        order by id desc limit ${opaqueNumber(p.limit)}`.compile(db),
    ),
    pageOfOwner: prepare((p: { owner: string; before: string; limit: number }) =>
      sql<Row>`select * from webhook_endpoints where owner = ${p.owner} and id < ${p.before}
        order by id desc limit ${opaqueNumber(p.limit)}`.compile(db),
    ),
    change: prepare((p: ChangeParameters) =>
      sql<Row>`update webhook_endpoints set url = coalesce(${p.url}, url), events = coalesce(${p.events}, events),
          enabled = coalesce(${p.enabled}, enabled), template = nullif(coalesce(${p.template}, template), 'null')
        where ${owned(p)} returning *`.compile(db),
    ),
    rotate: prepare((p: OwnedEndpoint & { secret: string; overlapMs: number }) =>
      sql<Row>`update webhook_endpoints set previous_secret = secret, secret = ${p.secret},
          previous_secret_ends_at = ${now} + ${p.overlapMs}
        where ${owned(p)} returning *`.compile(db),
    ),
    remove: prepare((p: OwnedEndpoint) =>
      sql<never>`delete from webhook_endpoints where ${owned(p)}`.compile(db),
    ),
  };
}
