import type { Generated } from 'kysely';
import type { DeliveryStatus, DeliveryType } from '../../jobs/delivery-log.ts';
import type { DeliveryTarget } from '../../jobs/delivery-store.ts';

/** As in `tables.ts`: times are milliseconds since the epoch, flags 0 or 1, and JSON is text. */
export interface WebhookEndpointsTable {
  id: string;
  owner: string;
  url: string;
  /** JSON, an array of `WebhookEvent`s. */
  events: string;
  enabled: 0 | 1;
  /** JSON, a `DeliveryTemplate`. */
  template: string | null;
  /** Both encrypted. */
  secret: string;
  previous_secret: string | null;
  previous_secret_ends_at: number | null;
  created_at: number;
}

export interface DeliveriesTable {
  id: string;
  /** One of the two: whose end it tells of. */
  job_id: string | null;
  group_id: string | null;
  /** Of the job, or which end of the group this was. */
  run: number;
  owner: string;
  type: DeliveryType;
  kind: DeliveryTarget['kind'];
  /** JSON, a `StoredTarget`. */
  target: string;
  /** Of an owner's webhook endpoint, which may be gone by now. */
  endpoint_id: string | null;
  /** What turns are by: one receiver of one owner. */
  target_key: string;
  /** Of the group: deliveries to one target that have it in common are made in the order of their groups' turns. */
  order_key: string | null;
  turn: number | null;
  body: string;
  status: DeliveryStatus;
  /** How often it was claimed: the number of its newest try, and its fencing token. */
  claims: number;
  /** Since it was recorded or told again. */
  failures: number;
  created_at: number;
  pending_since: number;
  ended_at: number | null;
  /** 1 if and only if it may be claimed now. */
  ready: 0 | 1;
  /** 1 while somebody makes a try. */
  leased: 0 | 1;
  /** 1 while it waits for an earlier one with its order key and target. */
  blocked: Generated<0 | 1>;
  /** When it becomes ready: at the end of its lease, or for its next try. */
  due_at: number | null;
}

export interface DeliveryTriesTable {
  delivery_id: string;
  try: number;
  at: number;
  status: number | null;
  latency_ms: number;
  error: string | null;
}
