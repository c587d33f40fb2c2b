import type { Selectable } from 'kysely';
import type { Delivery, LoggedTarget } from '../../jobs/delivery-log.ts';
import type {
  ClaimedDelivery,
  DeliveryTarget,
  DeliveryTry,
  WebhookTarget,
} from '../../jobs/delivery-store.ts';
import type { ExportsTable } from '../groups/group-tables.ts';
import type { DeliveriesTable, DeliveryTriesTable, WebhookEndpointsTable } from './delivery-tables.ts';

/** A webhook's address as it was when the delivery was recorded; an endpoint's secrets are looked up for each try. */
export interface StoredTarget {
  readonly url: string;
  /** Encrypted. */
  readonly secret?: string;
}

/** With the previous secret only while it is valid. */
export type CurrentEndpoint = Pick<
  Selectable<WebhookEndpointsTable>,
  'id' | 'url' | 'enabled' | 'secret' | 'previous_secret'
>;

/** @param exports those of its group that are not made yet. */
export function toClaimed(
  row: Selectable<DeliveriesTable>,
  endpoints: ReadonlyMap<string, CurrentEndpoint>,
  exports: readonly Selectable<ExportsTable>[],
): ClaimedDelivery {
  return {
    id: row.id,
    claim: row.claims,
    owner: row.owner,
    target: targetOf(row, row.endpoint_id === null ? undefined : endpoints.get(row.endpoint_id)),
    targetKey: row.target_key,
    ...(row.group_id !== null && { groupId: row.group_id }),
    ...(row.order_key !== null && { orderKey: row.order_key }),
    body: row.body,
    exports: exports.map(({ position, object_key: objectKey, bucket, key, content_type: contentType }) => ({
      position,
      objectKey,
      bucket,
      key,
      contentType,
    })),
    failures: row.failures,
  };
}

function targetOf(row: Selectable<DeliveriesTable>, endpoint: CurrentEndpoint | undefined): DeliveryTarget {
  if (row.kind === 'webhook') return webhookTarget(row, endpoint);
  return { kind: row.kind, ...JSON.parse(row.target) };
}

function webhookTarget(
  row: Selectable<DeliveriesTable>,
  endpoint: CurrentEndpoint | undefined,
): WebhookTarget {
  const { url, secret } = JSON.parse(row.target) as StoredTarget;
  const kind = 'webhook';
  if (row.endpoint_id === null) return { kind, url, secrets: secret === undefined ? [] : [secret] };
  if (endpoint === undefined) return { kind, url, secrets: [], closed: 'deleted' };
  const secrets = [endpoint.secret, endpoint.previous_secret].filter(each => each !== null);
  return { kind, url: endpoint.url, secrets, ...(endpoint.enabled === 0 && { closed: 'off' as const }) };
}

/** @param tries of this delivery, in any order. */
export function toDelivery(
  row: Selectable<DeliveriesTable> & { endpoint_url: string | null },
  tries: readonly Selectable<DeliveryTriesTable>[],
): Delivery {
  return {
    id: row.id,
    ...(row.job_id !== null && { jobId: row.job_id }),
    ...(row.group_id !== null && { groupId: row.group_id }),
    run: row.run,
    owner: row.owner,
    type: row.type,
    target: loggedTarget(row),
    status: row.status,
    createdAt: row.created_at,
    ...(row.ended_at !== null && { endedAt: row.ended_at }),
    ...(row.due_at !== null && row.leased === 0 && { nextTryAt: row.due_at }),
    tries: tries.toSorted((a, b) => a.try - b.try).map(toTry),
  };
}

function loggedTarget(row: Selectable<DeliveriesTable> & { endpoint_url: string | null }): LoggedTarget {
  if (row.kind !== 'webhook') return { kind: row.kind, ...JSON.parse(row.target) };
  const { url } = JSON.parse(row.target) as StoredTarget;
  return {
    kind: 'webhook',
    url: row.endpoint_url ?? url,
    ...(row.endpoint_id !== null && { endpoint: row.endpoint_id }),
  };
}

function toTry(row: Selectable<DeliveryTriesTable>): DeliveryTry {
  return {
    at: row.at,
    ...(row.status !== null && { status: row.status }),
    latencyMs: row.latency_ms,
    ...(row.error !== null && { error: row.error }),
  };
}
