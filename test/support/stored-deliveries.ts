import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import type { DeliveryTo } from '../../src/deliveries/outcome.ts';
import type { OpenJobStore } from '../../src/job-store/open-job-store.ts';
import type { ClaimedDelivery, ClaimLimits } from '../../src/jobs/delivery-store.ts';
import { webhookEvents } from '../../src/jobs/webhook.ts';
import type { NewWebhookEndpoint } from '../../src/jobs/webhook-endpoint-store.ts';
import { minute } from './stored-jobs.ts';

export function newEndpoint(changes: Partial<NewWebhookEndpoint> = {}): NewWebhookEndpoint {
  return {
    id: uuidv7(),
    owner: 'ann',
    url: 'https://ann.example.org/hook',
    events: webhookEvents,
    enabled: true,
    secret: 'sealed-secret',
    ...changes,
  };
}

export function claimDeliveries(
  store: OpenJobStore,
  changes: Partial<ClaimLimits> = {},
): Promise<ClaimedDelivery[]> {
  return store.deliveries.claim({ limit: 100, perTarget: 10, underWay: {}, leaseMs: minute, ...changes });
}

/** The same where there are webhooks alone. */
export async function claimWebhooks(
  store: OpenJobStore,
  changes: Partial<ClaimLimits> = {},
): Promise<DeliveryTo<'webhook'>[]> {
  const claimed = await claimDeliveries(store, changes);
  return claimed.map(delivery => {
    assert.equal(delivery.target.kind, 'webhook');
    return delivery as DeliveryTo<'webhook'>;
  });
}
