import { type Kysely, sql } from 'kysely';
import type { SqlDialect } from '../dialect.ts';

/** When jobs expire, which uploads are to be deleted, and who holds the duties that one process does at a time. */
export async function addExpiry(db: Kysely<unknown>, dialect: SqlDialect): Promise<void> {
  await addToJobs(db);
  await addToOutputs(db);
  await addToUploads(db);
  await sql`create table leases (
    name text not null primary key,
    holder text,
    ends_at bigint not null,
    done_at bigint
  )`.execute(db);
  // The audit deletes what it does not know. The first one is a day away, so that somebody who put a new job store
  // beside an old object store by mistake has that day to notice.
  await sql`insert into leases (name, ends_at, done_at) values ('audit', 0, ${dialect.now})`.execute(db);
}

async function addToJobs(db: Kysely<unknown>): Promise<void> {
  await sql`alter table jobs add column upload text`.execute(db);
  await sql`alter table jobs add column retention_ms bigint`.execute(db);
  await sql`alter table jobs add column expires_at bigint`.execute(db);
  // The check keeps a statement that makes a job start again from leaving it to expire in the middle of its work.
  await sql`alter table jobs add column expiring integer not null default 0
    check (expiring = 0 or (expires_at is not null and status in ('complete', 'failed', 'cancelled')))`.execute(
    db,
  );
  await sql`create index jobs_expiring on jobs (expires_at) where expiring = 1`.execute(db);
  await sql`create index jobs_expired on jobs (expires_at) where expiring = 0 and expires_at is not null`.execute(
    db,
  );
}

async function addToOutputs(db: Kysely<unknown>): Promise<void> {
  await sql`alter table outputs add column expired integer not null default 0`.execute(db);
  await sql`drop index outputs_complete`.execute(db);
  await sql`create index outputs_complete on outputs (owner, filename, job_id)
    where status = 'complete' and expired = 0`.execute(db);
  await sql`create index outputs_expired on outputs (owner, filename, job_id) where expired = 1`.execute(db);
}

async function addToUploads(db: Kysely<unknown>): Promise<void> {
  await sql`drop index uploads_unnamed`.execute(db);
  await sql`create index uploads_unnamed on uploads (created_at)
    where jobs = 0 and abandoned_at is null`.execute(db);
  await sql`create index uploads_abandoned on uploads (abandoned_at) where abandoned_at is not null`.execute(
    db,
  );
}
