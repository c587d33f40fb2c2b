import type { Kysely } from 'kysely';
import type { Links } from '../jobs/links.ts';
import type { StoreChange } from '../jobs/store-changes.ts';
import { SqlAttemptStore } from './attempts/sql-attempt-store.ts';
import { SqlLeaseStore } from './attempts/sql-lease-store.ts';
import { SqlDeliveryLog } from './deliveries/sql-delivery-log.ts';
import { SqlDeliveryStore } from './deliveries/sql-delivery-store.ts';
import { SqlWebhookEndpointStore } from './deliveries/sql-webhook-endpoint-store.ts';
import type { SqlDialect } from './dialect.ts';
import { SqlIntakeStore } from './groups/sql-intake-store.ts';
import { SqlAuditStore } from './jobs/sql-audit-store.ts';
import { SqlEventLog } from './jobs/sql-event-log.ts';
import { SqlExpiryStore } from './jobs/sql-expiry-store.ts';
import { SqlFailedJobStore } from './jobs/sql-failed-job-store.ts';
import { SqlIdempotencyStore } from './jobs/sql-idempotency-store.ts';
import { SqlJobStore } from './jobs/sql-job-store.ts';
import { SqlKeyStore } from './keys/sql-key-store.ts';
import { SqlStatisticsStore } from './statistics/sql-statistics-store.ts';
import type { Tables } from './tables.ts';
import { SqlPartialUploadStore } from './uploads/sql-partial-upload-store.ts';
import { SqlUploadStore } from './uploads/sql-upload-store.ts';

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
    intake: new SqlIntakeStore(db, dialect, announce),
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
