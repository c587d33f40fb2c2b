import type { Tables } from '../tables.ts';

/**
 * The primary key of every table, each after those that its rows refer to. Null: its rows belong to processes that run
 * now, and are in no backup.
 */
const primaryKeys = {
  uploads: ['id'],
  groups: ['id'],
  jobs: ['id'],
  outputs: ['job_id', 'name'],
  attempts: ['job_id', 'attempt'],
  events: ['position'],
  idempotency_keys: ['owner', 'key'],
  usage: ['position'],
  statistics: ['owner', 'hour', 'status', 'class'],
  webhook_endpoints: ['id'],
  deliveries: ['id'],
  delivery_tries: ['delivery_id', 'try'],
  exports: ['group_id', 'position'],
  api_keys: ['id'],
  partial_uploads: null,
  leases: null,
} as const satisfies Record<keyof Tables, readonly string[] | null>;

export type TableName = keyof typeof primaryKeys;

/** What a backup holds, by the tables' names. */
export const transferredTables: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(primaryKeys).flatMap(([name, key]) => (key === null ? [] : [[name, key] as const])),
);

/** Tables that must be empty for a restore. */
export const filledTables = (Object.keys(primaryKeys) as TableName[]).filter(name => name !== 'leases');

/** Tables whose rows are numbered, in the column `position`. */
export const countingTables = ['events', 'usage'] as const satisfies readonly TableName[];
