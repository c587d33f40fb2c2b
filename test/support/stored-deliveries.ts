import { v7 as uuidv7 } from 'uuid';
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
