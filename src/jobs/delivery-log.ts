import type { DeliveryTry } from './delivery-store.ts';
import type { GroupTarget } from './intake-store.ts';
import { webhookEvents } from './webhook.ts';

export const deliveryStatuses = ['pending', 'delivered', 'failed'] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

/** What is told: the end of a job, or of a group. */
export const deliveryTypes = [...webhookEvents, 'group.ended'] as const;
export type DeliveryType = (typeof deliveryTypes)[number];

/** Without secrets. */
export type LoggedTarget =
  | { readonly kind: 'webhook'; readonly url: string; readonly endpoint?: string }
  | Exclude<GroupTarget, { kind: 'webhook' }>;

/** What was told to whom. Times are milliseconds since the epoch. */
export interface Delivery {
  /** UUIDv7; the receiver sees it with every try. */
  readonly id: string;
  /** One of the two: whose end it tells of. */
  readonly jobId?: string;
  readonly groupId?: string;
  /** Of the job, or which end of the group this was, from 1. */
  readonly run: number;
  readonly owner: string;
  readonly type: DeliveryType;
  readonly target: LoggedTarget;
  readonly status: DeliveryStatus;
  readonly createdAt: number;
  readonly endedAt?: number;
  /** Only while it waits for its next try. */
  readonly nextTryAt?: number;
  /** The newest `keptTries`, oldest first. */
  readonly tries: readonly DeliveryTry[];
}

/** Tries of one delivery that are kept. */
export const keptTries = 50;

export interface DeliveryFilter {
  readonly owner?: string;
  /** Those of its group too. */
  readonly jobId?: string;
  readonly status?: DeliveryStatus;
}

/** The readers' side of the deliveries. `owner`, where it is given, hides other owners' deliveries. */
export interface DeliveryLog {
  /** Newest first. Throws `invalid-request` for a cursor that was not one of ours. */
  list(
    filter: DeliveryFilter,
    page: { cursor?: string; limit: number },
  ): Promise<{ deliveries: Delivery[]; nextCursor?: string }>;
  /** A new try, now, with the same id and body. Throws `not-found`, or `delivery-not-ended` while it is under way. */
  replay(id: string, owner?: string): Promise<Delivery>;
}
