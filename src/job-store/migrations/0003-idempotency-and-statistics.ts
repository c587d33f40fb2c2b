import { type Kysely, sql } from 'kysely';
import type { SqlDialect } from '../dialect.ts';

/** Keys of requests that may come again, and what a bill needs. What each column means stands in `tables.ts`. */
export async function createIdempotencyAndStatistics(
  db: Kysely<unknown>,
  dialect: SqlDialect,
): Promise<void> {
  await createKeysTable(db);
  await createUsageTables(db, dialect);
}

async function createKeysTable(db: Kysely<unknown>): Promise<void> {
  await sql`create table idempotency_keys (
    owner text not null,
    key text not null,
    fingerprint text not null,
    job_id text not null,
    created_at bigint not null,
    primary key (owner, key)
  )`.execute(db);
  await sql`create index idempotency_keys_age on idempotency_keys (created_at)`.execute(db);
}

async function createUsageTables(db: Kysely<unknown>, { countingKey }: SqlDialect): Promise<void> {
  await sql`alter table jobs add column waited_ms bigint not null default 0`.execute(db);
  const totals = sql`
    waited_ms bigint not null,
    ran_ms bigint not null,
    bytes_read bigint not null,
    bytes_stored bigint not null,
    pixels_read bigint not null,
    pixels_stored bigint not null`;
  // No index: its rows stay for a minute.
  await sql`create table usage (
    position ${countingKey},
    owner text not null,
    status text not null,
    class text not null,
    ended_at bigint not null,
    ${totals}
  )`.execute(db);
  await sql`create table statistics (
    owner text not null,
    hour bigint not null,
    status text not null,
    class text not null,
    jobs bigint not null,
    ${totals},
    primary key (owner, hour, status, class)
  )`.execute(db);
  await sql`create index statistics_hour on statistics (hour)`.execute(db);
}
