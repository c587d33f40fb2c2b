import type { Kysely, Selectable } from 'kysely';
import { TintypeError } from '../../errors/tintype-error.ts';
import { longestPage } from '../../jobs/job-store.ts';
import {
  mostEndpoints,
  type NewWebhookEndpoint,
  type WebhookEndpoint,
  type WebhookEndpointChanges,
  type WebhookEndpointStore,
} from '../../jobs/webhook-endpoint-store.ts';
import { boundedPage } from '../bounded-page.ts';
import type { SqlDialect } from '../dialect.ts';
import { decodeIdCursor, encodeIdCursor } from '../id-cursor.ts';
import type { Tables } from '../tables.ts';
import { read, write } from '../transactions.ts';
import type { WebhookEndpointsTable } from './delivery-tables.ts';
import { webhookEndpointQueries } from './webhook-endpoint-queries.ts';

type Row = Selectable<WebhookEndpointsTable>;

export class SqlWebhookEndpointStore implements WebhookEndpointStore {
  readonly #db: Kysely<Tables>;
  readonly #queries: ReturnType<typeof webhookEndpointQueries>;

  constructor(db: Kysely<Tables>, dialect: SqlDialect) {
    this.#db = db;
    this.#queries = webhookEndpointQueries(db, dialect);
  }

  create({
    id,
    owner,
    url,
    events,
    enabled,
    template,
    secret,
  }: NewWebhookEndpoint): Promise<WebhookEndpoint> {
    return write(this.#db, async trx => {
      const count = await this.#queries.count.first(trx, { owner });
      if ((count?.endpoints ?? 0) >= mostEndpoints) {
        throw new TintypeError(
          'too-many-endpoints',
          `There are ${mostEndpoints} endpoints already; delete one.`,
        );
      }
      const row = await this.#queries.insert.first(trx, {
        id,
        owner,
        url,
        events: JSON.stringify(events),
        enabled: enabled ? 1 : 0,
        template: template === undefined ? null : JSON.stringify(template),
        secret,
      });
      return required(row);
    });
  }

  async get(id: string, owner?: string): Promise<WebhookEndpoint | undefined> {
    const row = await this.#queries.byId.first(this.#db, { id, owner: owner ?? null });
    return row && toEndpoint(row);
  }

  list(
    owner: string | undefined,
    page: { cursor?: string; limit: number },
  ): Promise<{ endpoints: WebhookEndpoint[]; nextCursor?: string }> {
    const limit = Math.min(page.limit, longestPage);
    return read(this.#db, async trx => {
      const before = page.cursor === undefined ? afterAllIds : decodeIdCursor(page.cursor);
      const rows =
        owner === undefined
          ? await this.#queries.page.all(trx, { before, limit: limit + 1 })
          : await this.#queries.pageOfOwner.all(trx, { owner, before, limit: limit + 1 });
      const endpoints = await boundedPage(rows.slice(0, limit), async some => some.map(toEndpoint));
      const last = rows.length > endpoints.length ? endpoints.at(-1) : undefined;
      return { endpoints, ...(last !== undefined && { nextCursor: encodeIdCursor(last.id) }) };
    });
  }

  change(id: string, changes: WebhookEndpointChanges, owner?: string): Promise<WebhookEndpoint> {
    const { url = null, events, enabled, template } = changes;
    return write(this.#db, async trx => {
      const row = await this.#queries.change.first(trx, {
        id,
        owner: owner ?? null,
        url,
        events: events === undefined ? null : JSON.stringify(events),
        enabled: enabled === undefined ? null : Number(enabled),
        template: template === undefined ? null : JSON.stringify(template),
      });
      return required(row);
    });
  }

  rotate(id: string, secret: string, overlapMs: number, owner?: string): Promise<WebhookEndpoint> {
    const parameters = { id, owner: owner ?? null, secret, overlapMs };
    return write(this.#db, async trx => required(await this.#queries.rotate.first(trx, parameters)));
  }

  async remove(id: string, owner?: string): Promise<void> {
    const removed = await write(this.#db, trx =>
      this.#queries.remove.write(trx, { id, owner: owner ?? null }),
    );
    if (removed === 0) throw noSuchEndpoint();
  }
}

/** UUIDs are written in hexadecimal digits. */
const afterAllIds = 'g';

function required(row: Row | undefined): WebhookEndpoint {
  if (row === undefined) throw noSuchEndpoint();
  return toEndpoint(row);
}

function noSuchEndpoint(): TintypeError {
  return new TintypeError('not-found', 'There is no such webhook endpoint.');
}

function toEndpoint(row: Row): WebhookEndpoint {
  return {
    id: row.id,
    owner: row.owner,
    url: row.url,
    events: JSON.parse(row.events),
    enabled: row.enabled === 1,
    ...(row.template !== null && { template: JSON.parse(row.template) }),
    createdAt: row.created_at,
    ...(row.previous_secret_ends_at !== null && { previousSecretEndsAt: row.previous_secret_ends_at }),
  };
}
