import type { Kysely } from 'kysely';
import type { Links } from '../jobs/links.ts';
import type { StoreChange } from '../jobs/store-changes.ts';
import type { SqlDialect } from './dialect.ts';
import { SqlAttemptStore } from './sql-attempt-store.ts';
import { SqlAuditStore } from './sql-audit-store.ts';
import { SqlDeliveryLog } from './sql-delivery-log.ts';
import { SqlDeliveryStore } from './sql-delivery-store.ts';
import { SqlEventLog } from './sql-event-log.ts';
import { SqlExpiryStore } from './sql-expiry-store.ts';
import { SqlFailedJobStore } from './sql-failed-job-store.ts';
import { SqlIdempotencyStore } from './sql-idempotency-store.ts';
import { SqlJobStore } from './sql-job-store.ts';
import { SqlKeyStore } from './sql-key-store.ts';
import { SqlLeaseStore } from './sql-lease-store.ts';
import { SqlPartialUploadStore } from './sql-partial-upload-store.ts';
import { SqlStatisticsStore } from './sql-statistics-store.ts';
import { SqlUploadStore } from './sql-upload-store.ts';
import { SqlWebhookEndpointStore } from './sql-webhook-endpoint-store.ts';
import type { Tables } from './tables.ts';

/** Where the stores say what they changed, after the commit. */
export type Announce = (change: StoreChange) => void;

/**
 * The stores of one database. Its tables need not be there yet.
 * @param links those in what is told of jobs
 */
export function createStores(db: Kysely<Tables>, dialect: SqlDialect, announce: Announce, links: Links) {
  return {
    jobs: new SqlJobStore(db, dialect, announce, links),
    attempts: new SqlAttemptStore(db, dialect, announce, links),
    uploads: new SqlUploadStore(db, dialect),
    partialUploads: new SqlPartialUploadStore(db, dialect),
    events: new SqlEventLog(db, dialect),
    failedJobs: new SqlFailedJobStore(db, dialect, announce),
    idempotency: new SqlIdempotencyStore(db, dialect),
    statistics: new SqlStatisticsStore(db, dialect),
    endpoints: new SqlWebhookEndpointStore(db, dialect),
    deliveries: new SqlDeliveryStore(db, dialect, announce),
    deliveryLog: new SqlDeliveryLog(db, dialect, announce),
    expiry: new SqlExpiryStore(db, dialect, announce),
    audit: new SqlAuditStore(db, dialect),
    leases: new SqlLeaseStore(db, dialect),
    keys: new SqlKeyStore(db, dialect),
  };
}
