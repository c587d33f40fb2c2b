import type { ImageLimits } from '../images/limits.ts';
import type { DeliveryLog } from '../jobs/delivery-log.ts';
import type { DownloadLinks } from '../jobs/download-links.ts';
import type { EventLog } from '../jobs/event-log.ts';
import type { IdempotencyStore } from '../jobs/idempotency-store.ts';
import type { JobStore } from '../jobs/job-store.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { ObjectStore } from '../jobs/object-store.ts';
import type { PartialFiles } from '../jobs/partial-files.ts';
import type { PartialUploadStore } from '../jobs/partial-upload-store.ts';
import type { QueueQuota } from '../jobs/queue-quota.ts';
import type { Redrive } from '../jobs/redrive.ts';
import type { StatisticsStore } from '../jobs/statistics-store.ts';
import type { StoreChanges } from '../jobs/store-changes.ts';
import type { UploadStore } from '../jobs/upload-store.ts';
import type { WebhookEndpointStore } from '../jobs/webhook-endpoint-store.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import type { ModelLibrary } from '../super-resolution/model-library.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Authentication } from './access/authentication.ts';

export type { HttpApp } from '../web/http-app.ts';

/** What the HTTP server is made of. */
export interface HttpParts {
  readonly jobs: Jobs;
  readonly redrive: Redrive;
  readonly store: JobStore;
  readonly uploads: UploadStore;
  readonly partialUploads: PartialUploadStore;
  readonly partialFiles: PartialFiles;
  readonly events: EventLog;
  readonly idempotency: IdempotencyStore;
  readonly statistics: StatisticsStore;
  readonly endpoints: WebhookEndpointStore;
  readonly deliveryLog: DeliveryLog;
  /** Encrypts signing secrets before they are stored. */
  readonly secrets: SecretBox;
  /** Throws `address-blocked` for what a webhook's URL alone gives away. */
  readonly checkWebhookUrl: (url: URL) => void;
  readonly changes: StoreChanges;
  readonly objects: ObjectStore;
  /** Downloads are redirected there instead of being passed through. */
  readonly downloadLinks?: DownloadLinks;
  readonly quota: QueueQuota;
  readonly limits: ImageLimits;
  /** The super-resolution networks. */
  readonly models: Pick<ModelLibrary, 'networks'>;
  /** The hosts whose images `GET /magnify` takes, as `MAGNIFY_ORIGINS` has them. */
  readonly magnifyOrigins: readonly string[];
  /** How long `GET /magnify` waits for its job, in milliseconds. Default two minutes. */
  readonly magnifyWaitMs?: number;
  readonly maxUploadBytes: number;
  /** Who may call, with AUTH=keys. Without it everybody may do everything, as the owner `local`. */
  readonly authentication?: Authentication;
  /** Nobody signs in and only this machine may call: refuse foreign `Host`, `Origin` and `Sec-Fetch-Site`. */
  readonly loopbackOnly: boolean;
  /** Where the outside reaches this server; answers carry relative links without it. */
  readonly publicUrl?: string;
  /** Each part with what is wrong with it, or null. */
  readonly readiness: () => Promise<Record<string, string | null>>;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** What is needed to tell how a process is. */
export type HealthParts = Pick<
  HttpParts,
  'readiness' | 'metrics' | 'authentication' | 'loopbackOnly' | 'maxUploadBytes' | 'logger'
>;

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose the jobs are that the caller makes. */
    owner: string;
    /** Whose jobs the caller may see, change and follow: one owner's, or, for an admin, everybody's. */
    visibleOwner: string | undefined;
  }
}
