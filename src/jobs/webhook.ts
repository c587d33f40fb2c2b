import type { JobStatus } from './states.ts';

/** What can be told. */
export const webhookEvents = ['job.complete', 'job.failed', 'job.cancelled'] as const;
export type WebhookEvent = (typeof webhookEvents)[number];

/** Somebody who wants to be told of one job's end; for an owner's standing ones see `WebhookEndpoint`. */
export interface JobWebhook {
  readonly url: string;
  /** All of them where it is left out. */
  readonly events?: readonly WebhookEvent[];
  /** Encrypted. Without it nothing is signed. */
  readonly secret?: string;
}

/** What the end of a job is called; undefined for a status that nobody is told of. */
export function webhookEvent(status: JobStatus): WebhookEvent | undefined {
  return webhookEvents.find(event => event === `job.${status}`);
}
