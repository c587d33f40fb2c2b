import { sql } from 'kysely';
import { backupDuty } from '../jobs/lease-store.ts';
import type { SqlDialect } from './dialect.ts';

/**
 * That nobody makes a backup now: the condition of every query that names objects to be deleted. What such a query
 * finds was marked before a backup that begins later, so that one knows that it needs none of these objects.
 */
export function noBackup({ now }: SqlDialect) {
  return sql`not exists (
    select 1 from leases where name = ${sql.lit(backupDuty)} and holder is not null and ends_at > ${now}
  )`;
}
