import type { DeliveryTry } from './delivery-store.ts';
import type { WebhookEvent } from './webhook.ts';

export const deliveryStatuses = ['pending', 'delivered', 'failed'] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

/** What was told to whom. Times are milliseconds since the epoch. */
export interface Delivery {
  /** UUIDv7; the receiver sees it with every try. */
  readonly id: string;
  readonly jobId: string;
  readonly run: number;
  readonly owner: string;
  readonly type: WebhookEvent;
  readonly target: { readonly kind: 'webhook'; readonly url: string; readonly endpoint?: string };
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
