import type { AttemptStore } from '../jobs/attempt-store.ts';
import type { AuditStore } from '../jobs/audit-store.ts';
import type { DeliveryLog } from '../jobs/delivery-log.ts';
import type { DeliveryStore } from '../jobs/delivery-store.ts';
import type { EventLog } from '../jobs/event-log.ts';
import type { ExpiryStore } from '../jobs/expiry-store.ts';
import type { FailedJobStore } from '../jobs/failed-job-store.ts';
import type { IdempotencyStore } from '../jobs/idempotency-store.ts';
import type { IntakeStore } from '../jobs/intake-store.ts';
import type { JobStore } from '../jobs/job-store.ts';
import type { KeyStore } from '../jobs/key-store.ts';
import type { LeaseStore } from '../jobs/lease-store.ts';
import type { PartialUploadStore } from '../jobs/partial-upload-store.ts';
import type { StatisticsStore } from '../jobs/statistics-store.ts';
import type { StoreChanges } from '../jobs/store-changes.ts';
import type { UploadStore } from '../jobs/upload-store.ts';
import type { WebhookEndpointStore } from '../jobs/webhook-endpoint-store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { PostgresOptions } from './postgres/postgres-pool.ts';
import type { ThreadOptions } from './sqlite/thread-messages.ts';

/** One database, opened: the stores in it and what belongs to it as a whole. */
export interface OpenJobStore {
  readonly jobs: JobStore;
  readonly attempts: AttemptStore;
  readonly intake: IntakeStore;
  readonly uploads: UploadStore;
  readonly partialUploads: PartialUploadStore;
  readonly events: EventLog;
  readonly failedJobs: FailedJobStore;
  readonly idempotency: IdempotencyStore;
  readonly statistics: StatisticsStore;
  readonly endpoints: WebhookEndpointStore;
  readonly deliveries: DeliveryStore;
  readonly deliveryLog: DeliveryLog;
  readonly expiry: ExpiryStore;
  readonly audit: AuditStore;
  readonly leases: LeaseStore;
  readonly keys: KeyStore;
  readonly changes: StoreChanges;
  /** Brings the tables up to date; resolves to the names of the migrations that ran now. */
  migrate(): Promise<string[]>;
  /** Answers what was asked before, then closes. Whatever is asked later throws `storage-unavailable`. */
  close(): Promise<void>;
}

export type JobStoreOptions =
  | ({ readonly driver: 'sqlite' } & Omit<ThreadOptions, 'exclusive'>)
  | ({ readonly driver: 'postgres' } & Omit<PostgresOptions, 'logger'>);

/**
 * Opens the job store with the driver that is named; its library is loaded only then. Run `migrate()` before anything
 * else. Throws `storage-unavailable` when another service has the SQLite file.
 * @param isService this is the service, and not a command beside it
 */
export async function openJobStore(
  options: JobStoreOptions,
  isService: boolean,
  logger: Logger,
): Promise<OpenJobStore> {
  if (options.driver === 'postgres') {
    const { openPostgres } = await import('./postgres/postgres.ts');
    return openPostgres({ ...options, logger });
  }
  const { openSqlite } = await import('./sqlite/sqlite.ts');
  return openSqlite({ ...options, exclusive: isService });
}
