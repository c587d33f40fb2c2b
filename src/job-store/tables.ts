import type { Generated } from 'kysely';
import type { JobStatus } from '../jobs/states.ts';
import type {
  DeliveriesTable,
  DeliveryTriesTable,
  WebhookEndpointsTable,
} from './deliveries/delivery-tables.ts';
import type { ExportsTable, GroupsTable } from './groups/group-tables.ts';

/**
 * The tables as Kysely sees them. Times are integers (milliseconds since the epoch, by the database's clock),
 * flags are 0 or 1, and columns whose comment says JSON hold JSON as text.
 */
export interface Tables {
  jobs: JobsTable;
  outputs: OutputsTable;
  attempts: AttemptsTable;
  uploads: UploadsTable;
  partial_uploads: PartialUploadsTable;
  events: EventsTable;
  idempotency_keys: IdempotencyKeysTable;
  usage: UsageTable;
  statistics: StatisticsTable;
  webhook_endpoints: WebhookEndpointsTable;
  deliveries: DeliveriesTable;
  delivery_tries: DeliveryTriesTable;
  groups: GroupsTable;
  exports: ExportsTable;
  leases: LeasesTable;
  api_keys: ApiKeysTable;
}

export interface JobsTable {
  id: string;
  owner: string;
  status: JobStatus;
  /** Index into `priorities`: the lowest starts first. */
  priority: number;
  class: string | null;
  run: number;
  /** How often it was claimed, over all runs: the fencing token of its newest attempt. */
  claims: number;
  /** Of this run: attempts that count, leases that were lost, milliseconds that ended attempts ran. */
  attempts: number;
  lost_leases: number;
  ran_ms: number;
  /** Of this run: milliseconds from when it could have started until it did. */
  waited_ms: Generated<number>;
  progress: number;
  /** JSON, a `Source`. */
  source: string;
  /** JSON. */
  metadata: string | null;
  /** JSON, a `Failure`. */
  failure: string | null;
  submitted_at: number;
  not_before: number;
  /** 1 if and only if it may be claimed now: pending, and due. */
  ready: 0 | 1;
  /** 1 if and only if it is pending and its time has not come. */
  waiting: 0 | 1;
  started_at: number | null;
  ended_at: number | null;
  /** Both if and only if processing. */
  claimed_at: number | null;
  lease_ends_at: number | null;
  /** JSON, an array of `JobWebhook`s. */
  webhooks: string | null;
  /** The upload that it counts among the jobs of, until it is expired. */
  upload: string | null;
  /** How long its results are kept after its end; null for ever. */
  retention_ms: number | null;
  /** From its end: when it expires, or has expired; null if never. */
  expires_at: number | null;
  /** 1 if and only if it has ended and will expire. */
  expiring: 0 | 1;
  /** All three only of a job that came with an event; its group's order key. */
  group_id: string | null;
  part: string | null;
  order_key: string | null;
  /** 1 if and only if it is pending and its group is blocked. */
  blocked: Generated<0 | 1>;
}

export interface OutputsTable {
  job_id: string;
  name: string;
  position: number;
  /** The job's, so that an owner's outputs are found by file name. */
  owner: string;
  filename: string;
  /** JSON. */
  options: string;
  status: 'pending' | 'complete' | 'failed';
  /** JSON, a `StoredOutput`; if and only if complete. */
  stored: string | null;
  /** JSON, a `Failure`. */
  failure: string | null;
  /** 1 if and only if it was complete when its job expired. */
  expired: 0 | 1;
}

export interface AttemptsTable {
  job_id: string;
  attempt: number;
  run: number;
  worker: string;
  started_at: number;
  ended_at: number | null;
  result: 'complete' | 'failed' | 'requeued' | 'lost' | 'cancelled' | null;
  /** JSON, a `Failure`. */
  failure: string | null;
  /** 1 from its end, or if it won from its job's expiry, until its objects are gone. */
  leftover: 0 | 1;
}

export interface UploadsTable {
  id: string;
  owner: string;
  filename: string;
  created_at: number;
  /** How many jobs that are not expired name it. */
  jobs: number;
  /** Its object is to be deleted, or deleted already: from then on no job may name it. */
  abandoned_at: number | null;
}

/** Uploads of which pieces are missing. */
export interface PartialUploadsTable {
  id: string;
  owner: string;
  filename: string;
  /** Of the whole file. */
  bytes: number;
  /** How many of them are durable. */
  received: number;
  /** What the object store keeps these in: JSON, a list of its names for them. */
  pieces: string;
  /** When it was made or bytes came last. */
  touched_at: number;
  /** Who writes to it; his lock is over at `locked_until`, which is 0 when nobody has it. */
  lock_token: string | null;
  locked_until: number;
  /** 1 when somebody else asked for the lock. */
  wanted: 0 | 1;
  /** Set when it was given up: from then on nobody writes to it. */
  abandoned_at: number | null;
}

export interface EventsTable {
  position: Generated<number>;
  job_id: string;
  owner: string;
  status: JobStatus;
  run: number;
  at: number;
  /** JSON, a `Failure`. */
  failure: string | null;
}

export interface IdempotencyKeysTable {
  owner: string;
  key: string;
  fingerprint: string;
  job_id: string;
  created_at: number;
}

/** What the end of a job's run, or of several, adds to the statistics. */
export interface UsageTotals {
  waited_ms: number;
  ran_ms: number;
  bytes_read: number;
  bytes_stored: number;
  pixels_read: number;
  pixels_stored: number;
}

/** A run that has ended and is not counted in `statistics` yet: written by every end, so that none waits for another. */
export interface UsageTable extends UsageTotals {
  position: Generated<number>;
  owner: string;
  status: JobStatus;
  /** Empty for a job without one. */
  class: string;
  ended_at: number;
}

/** The runs of one owner, status and class that ended in one hour. */
export interface StatisticsTable extends UsageTotals {
  owner: string;
  /** When the hour began. */
  hour: number;
  status: JobStatus;
  class: string;
  jobs: number;
}

/** Duties that one process does at a time. */
export interface LeasesTable {
  name: string;
  /** Null while nobody does it. */
  holder: string | null;
  ends_at: number;
  /** When it was last done to its end. */
  done_at: number | null;
}

export interface ApiKeysTable {
  id: string;
  owner: string;
  admin: 0 | 1;
  /** SHA-256 of the secret, hex. */
  secret_hash: string;
  created_at: number;
  last_used_at: number | null;
  revoked_at: number | null;
}
