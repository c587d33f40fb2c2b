import type { Kysely } from 'kysely';
import type { StoreChange } from '../jobs/store-changes.ts';
import type { SqlDialect } from './dialect.ts';
import { SqlAttemptStore } from './sql-attempt-store.ts';
import { SqlAuditStore } from './sql-audit-store.ts';
import { SqlEventLog } from './sql-event-log.ts';
import { SqlExpiryStore } from './sql-expiry-store.ts';
import { SqlJobStore } from './sql-job-store.ts';
import { SqlKeyStore } from './sql-key-store.ts';
import { SqlLeaseStore } from './sql-lease-store.ts';
import { SqlUploadStore } from './sql-upload-store.ts';
import type { Tables } from './tables.ts';

/** Where the stores say what they changed, after the commit. */
export type Announce = (change: StoreChange) => void;

/** The stores of one database. Its tables need not be there yet. */
export function createStores(db: Kysely<Tables>, dialect: SqlDialect, announce: Announce) {
  return {
    jobs: new SqlJobStore(db, dialect, announce),
    attempts: new SqlAttemptStore(db, dialect, announce),
    uploads: new SqlUploadStore(db, dialect),
    events: new SqlEventLog(db, dialect),
    expiry: new SqlExpiryStore(db, dialect, announce),
    audit: new SqlAuditStore(db, dialect),
    leases: new SqlLeaseStore(db, dialect),
    keys: new SqlKeyStore(db, dialect),
  };
}
