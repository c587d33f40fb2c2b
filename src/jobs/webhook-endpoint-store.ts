import type { DeliveryTemplate } from './delivery-template.ts';
import type { WebhookEvent } from './webhook.ts';

/** One address that an owner wants to be told at. Times are milliseconds since the epoch. */
export interface WebhookEndpoint {
  readonly id: string;
  readonly owner: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly enabled: boolean;
  readonly template?: DeliveryTemplate;
  readonly createdAt: number;
  /** Until when the secret before the present one signs as well. */
  readonly previousSecretEndsAt?: number;
}

export interface NewWebhookEndpoint
  extends Pick<WebhookEndpoint, 'id' | 'owner' | 'url' | 'events' | 'enabled'> {
  readonly template?: DeliveryTemplate;
  /** Encrypted. */
  readonly secret: string;
}

/** What is left out stays; a template of null clears it. */
export interface WebhookEndpointChanges {
  readonly url?: string;
  readonly events?: readonly WebhookEvent[];
  readonly enabled?: boolean;
  readonly template?: DeliveryTemplate;
}

/** Endpoints that one owner may have. */
export const mostEndpoints = 20;

/** Who is told of every job of an owner. `owner`, where it is given, hides other owners' endpoints. */
export interface WebhookEndpointStore {
  /** Throws `too-many-endpoints` when the owner has `mostEndpoints`. */
  create(endpoint: NewWebhookEndpoint): Promise<WebhookEndpoint>;
  get(id: string, owner?: string): Promise<WebhookEndpoint | undefined>;
  /** Newest first. Throws `invalid-request` for a cursor that was not one of ours. */
  list(
    owner: string | undefined,
    page: { cursor?: string; limit: number },
  ): Promise<{ endpoints: WebhookEndpoint[]; nextCursor?: string }>;
  /** Throws `not-found`. */
  change(id: string, changes: WebhookEndpointChanges, owner?: string): Promise<WebhookEndpoint>;
  /** Another secret (encrypted); the present one signs as well for `overlapMs` more. Throws `not-found`. */
  rotate(id: string, secret: string, overlapMs: number, owner?: string): Promise<WebhookEndpoint>;
  /** Throws `not-found`. Its deliveries that have not ended are given up. */
  remove(id: string, owner?: string): Promise<void>;
}
