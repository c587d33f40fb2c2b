import { type Kysely, type Selectable, sql } from 'kysely';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { Delivery, DeliveryFilter, DeliveryLog } from '../../jobs/delivery-log.ts';
import { longestPage } from '../../jobs/job-store.ts';
import { boundedPage } from '../bounded-page.ts';
import type { SqlDialect } from '../dialect.ts';
import { decodeIdCursor, encodeIdCursor } from '../id-cursor.ts';
import { opaqueNumber, opaqueText } from '../opaque-value.ts';
import { type Prepared, prepare } from '../prepared.ts';
import { returned } from '../returned.ts';
import type { Announce } from '../sql-stores.ts';
import type { Tables } from '../tables.ts';
import { read, write } from '../transactions.ts';
import { toDelivery } from './delivery-rows.ts';
import type { DeliveriesTable, DeliveryTriesTable } from './delivery-tables.ts';

type Row = Selectable<DeliveriesTable> & { endpoint_url: string | null };
interface PageParameters {
  owner: string | undefined;
  jobId: string | undefined;
  status: string | undefined;
  before: string | undefined;
  limit: number;
}

export class SqlDeliveryLog implements DeliveryLog {
  readonly #db: Kysely<Tables>;
  readonly #announce: Announce;
  /** By the conditions that are given: each shape is a query of its own, so that each finds its index. */
  readonly #pages = new Map<string, Prepared<PageParameters, Row>>();
  readonly #byId: Prepared<{ id: string }, Row>;
  readonly #tries: Prepared<{ ids: string }, Selectable<DeliveryTriesTable>>;
  readonly #replay: Prepared<{ id: string; owner: string | null }, { id: string }>;

  constructor(db: Kysely<Tables>, dialect: SqlDialect, announce: Announce) {
    this.#db = db;
    this.#announce = announce;
    this.#byId = prepare((p: { id: string }) => sql<Row>`${withEndpoint} where d.id = ${p.id}`.compile(db));
    this.#tries = prepare((p: { ids: string }) =>
      sql<Selectable<DeliveryTriesTable>>`select * from delivery_tries
        where delivery_id ${dialect.oneOf(p.ids)}`.compile(db),
    );
    this.#replay = prepare((p: { id: string; owner: string | null }) =>
      sql<{ id: string }>`update deliveries set status = 'pending', ready = 1, failures = 0, ended_at = null,
          pending_since = ${dialect.now}
        where id = ${p.id} and ended_at is not null and owner = coalesce(${p.owner}, owner)
        returning id`.compile(db),
    );
  }

  list(
    filter: DeliveryFilter,
    page: { cursor?: string; limit: number },
  ): Promise<{ deliveries: Delivery[]; nextCursor?: string }> {
    const limit = Math.min(page.limit, longestPage);
    return read(this.#db, async trx => {
      const { owner, jobId, status } = filter;
      const before = page.cursor === undefined ? undefined : decodeIdCursor(page.cursor);
      const parameters = { owner, jobId, status, before, limit: limit + 1 };
      const rows = await this.#page(parameters).all(trx, parameters);
      const deliveries = await boundedPage(rows.slice(0, limit), some => this.#withTries(trx, some));
      const last = rows.length > deliveries.length ? deliveries.at(-1) : undefined;
      return { deliveries, ...(last !== undefined && { nextCursor: encodeIdCursor(last.id) }) };
    });
  }

  async replay(id: string, owner?: string): Promise<Delivery> {
    const delivery = await write(this.#db, async trx => {
      const changed = await this.#replay.first(trx, { id, owner: owner ?? null });
      const row = await this.#byId.first(trx, { id });
      if (row === undefined || (owner !== undefined && row.owner !== owner)) {
        throw new TintypeError('not-found', 'There is no such delivery.');
      }
      if (changed === undefined) {
        throw new TintypeError('delivery-not-ended', 'This delivery is still under way.');
      }
      return returned((await this.#withTries(trx, [row]))[0]);
    });
    this.#announce({ kind: 'delivery' });
    return delivery;
  }

  async #withTries(trx: Kysely<Tables>, rows: readonly Row[]): Promise<Delivery[]> {
    if (rows.length === 0) return [];
    const tries = await this.#tries.all(trx, { ids: JSON.stringify(rows.map(row => row.id)) });
    const byDelivery = Map.groupBy(tries, each => each.delivery_id);
    return rows.map(row => toDelivery(row, byDelivery.get(row.id) ?? []));
  }

  #page(parameters: PageParameters): Prepared<PageParameters, Row> {
    const given = (name: keyof PageParameters) => parameters[name] !== undefined;
    const shape = Object.keys(parameters)
      .filter(name => given(name as keyof PageParameters))
      .join();
    const query = this.#pages.get(shape) ?? pageQuery(this.#db, given);
    this.#pages.set(shape, query);
    return query;
  }
}

/** An owner's endpoint with the address that it has now. */
const withEndpoint = sql`select d.*, e.url as endpoint_url from deliveries as d
  left join webhook_endpoints as e on e.id = d.endpoint_id`;

/** Or of its group. */
function ofJob(id: string | undefined) {
  return sql`and (d.job_id = ${id} or d.group_id = (select group_id from jobs where jobs.id = ${id}))`;
}

function pageQuery(
  db: Kysely<Tables>,
  given: (name: keyof PageParameters) => boolean,
): Prepared<PageParameters, Row> {
  return prepare((p: PageParameters) => {
    const conditions = [
      given('jobId') ? ofJob(p.jobId) : sql``,
      given('owner') ? sql`and d.owner = ${p.owner}` : sql``,
      given('status') ? sql`and d.status = ${opaqueText(p.status)}` : sql``,
      given('before') ? sql`and d.id < ${p.before}` : sql``,
    ];
    return sql<Row>`${withEndpoint} where 1 = 1 ${sql.join(conditions, sql` `)}
      order by d.id desc limit ${opaqueNumber(p.limit)}`.compile(db);
  });
}
