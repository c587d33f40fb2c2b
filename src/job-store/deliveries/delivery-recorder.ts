import { type Kysely, type Selectable, sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { deliveryBody } from '../../jobs/delivery-body.ts';
import { templatedBody } from '../../jobs/delivery-template.ts';
import type { Job } from '../../jobs/job.ts';
import type { Links } from '../../jobs/links.ts';
import { type JobWebhook, type WebhookEvent, webhookEvent, webhookEvents } from '../../jobs/webhook.ts';
import type { SqlDialect } from '../dialect.ts';
import type { JobReader } from '../jobs/job-reader.ts';
import { type Prepared, prepare } from '../prepared.ts';
import type { JobsTable, Tables } from '../tables.ts';
import type { StoredTarget } from './delivery-rows.ts';
import type { WebhookEndpointsTable } from './delivery-tables.ts';
import { insertDeliveries, type NewDelivery } from './new-delivery.ts';

/**
 * For the `returning` of a statement that ends jobs: whether anybody may have to be told. It costs one look into an
 * index, so that the end of a job that nobody listens to takes no further statement.
 */
export const listened = sql<0 | 1>`case when jobs.webhooks is not null or exists (
    select 1 from webhook_endpoints as listener where listener.owner = jobs.owner and listener.enabled = 1
  ) then 1 else 0 end as listened`;

export interface Listened {
  readonly listened: 0 | 1;
}

type EndpointRow = Selectable<WebhookEndpointsTable>;

/** Records who is to be told what, in the transaction that ends the jobs (invariant 6). */
export class DeliveryRecorder {
  readonly #reader: JobReader;
  readonly #links: Links;
  readonly #jobs: Prepared<{ ids: string }, Selectable<JobsTable>>;
  readonly #endpoints: Prepared<{ owners: string }, EndpointRow>;
  readonly #insert: Prepared<{ deliveries: string }, never>;

  constructor(db: Kysely<Tables>, dialect: SqlDialect, reader: JobReader, links: Links) {
    this.#reader = reader;
    this.#links = links;
    this.#jobs = prepare((p: { ids: string }) =>
      sql<Selectable<JobsTable>>`select * from jobs where id ${dialect.oneOf(p.ids)} order by id`.compile(db),
    );
    this.#endpoints = prepare((p: { owners: string }) =>
      sql<EndpointRow>`select * from webhook_endpoints
        where enabled = 1 and owner ${dialect.oneOf(p.owners)} order by id`.compile(db),
    );
    this.#insert = insertDeliveries(db, dialect);
  }

  /** @param ids jobs that have just ended; resolves to how many deliveries that makes. */
  async record(trx: Kysely<Tables>, ids: readonly string[]): Promise<number> {
    if (ids.length === 0) return 0;
    const rows = await this.#jobs.all(trx, { ids: JSON.stringify(ids) });
    const owners = JSON.stringify([...new Set(rows.map(row => row.owner))]);
    const endpoints = Map.groupBy(await this.#endpoints.all(trx, { owners }), endpoint => endpoint.owner);
    const jobs = await this.#reader.jobs(trx, rows);
    const deliveries = jobs.flatMap((job, index) => {
      const webhooks = JSON.parse(rows[index]?.webhooks ?? '[]') as JobWebhook[];
      return this.#deliveriesOf(job, webhooks, endpoints.get(job.owner) ?? []);
    });
    if (deliveries.length > 0) await this.#insert.write(trx, { deliveries: JSON.stringify(deliveries) });
    return deliveries.length;
  }

  #deliveriesOf(job: Job, webhooks: readonly JobWebhook[], endpoints: readonly EndpointRow[]): NewDelivery[] {
    const type = webhookEvent(job.status);
    if (type === undefined) return [];
    const { id: job_id, run, owner } = job;
    const unordered = { group_id: null, order_key: null, turn: null };
    const base = { ...unordered, job_id, run, owner, type, kind: 'webhook' as const };
    let body: string | undefined;
    const plainBody = () => {
      body ??= deliveryBody(type, job, this.#links);
      return body;
    };
    const toJobsOwn = webhooks
      .filter(({ events = webhookEvents }) => events.includes(type))
      .map(({ url, secret }) => ({
        ...base,
        id: uuidv7(),
        target: asText({ url, ...(secret !== undefined && { secret }) }),
        endpoint_id: null,
        target_key: `${job.owner} ${URL.parse(url)?.host ?? url}`,
        body: plainBody(),
      }));
    const toEndpoints = endpoints
      .filter(({ events }) => (JSON.parse(events) as WebhookEvent[]).includes(type))
      .map(({ id, url, template }) => ({
        ...base,
        id: uuidv7(),
        target: asText({ url }),
        endpoint_id: id,
        target_key: id,
        body: template === null ? plainBody() : templatedBody(JSON.parse(template), type, job, this.#links),
      }));
    return [...toJobsOwn, ...toEndpoints];
  }
}

function asText(target: StoredTarget): string {
  return JSON.stringify(target);
}
