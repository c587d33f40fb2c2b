import { type Kysely, sql } from 'kysely';
import type { SqlDialect } from '../dialect.ts';

/** Jobs and what belongs to them. What each column means stands in `tables.ts`. */
export async function createJobs(db: Kysely<unknown>, dialect: SqlDialect): Promise<void> {
  await createJobsTable(db);
  await createOutputsTable(db);
  await createAttemptsTable(db);
  await createUploadsTable(db);
  await createEventsTable(db, dialect);
}

async function createJobsTable(db: Kysely<unknown>): Promise<void> {
  await sql`create table jobs (
    id text not null primary key,
    owner text not null,
    status text not null,
    priority integer not null,
    class text,
    run integer not null,
    claims bigint not null,
    attempts integer not null,
    lost_leases integer not null,
    ran_ms bigint not null,
    progress double precision not null,
    source text not null,
    metadata text,
    failure text,
    submitted_at bigint not null,
    not_before bigint not null,
    ready integer not null,
    waiting integer not null,
    started_at bigint,
    ended_at bigint,
    claimed_at bigint,
    lease_ends_at bigint,
    check (ready + waiting = 0 or (ready + waiting = 1 and status = 'pending')),
    check ((lease_ends_at is not null) = (status = 'processing'))
  )`.execute(db);
  // Claims hop through the first from owner to owner; the next two are for jobs that wait and for leases. None of their
  // conditions, nor those of the queries for them, is on the status: SQLite would take the index of that instead.
  await sql`create index jobs_ready on jobs (owner, priority, id) where ready = 1`.execute(db);
  await sql`create index jobs_waiting on jobs (not_before) where waiting = 1`.execute(db);
  await sql`create index jobs_leased on jobs (lease_ends_at) where lease_ends_at is not null`.execute(db);
  // Lists: of everybody or of one owner, newest first, with a filter or without.
  await sql`create index jobs_newest on jobs (submitted_at, id)`.execute(db);
  await sql`create index jobs_status on jobs (status, submitted_at, id)`.execute(db);
  await sql`create index jobs_owner on jobs (owner, submitted_at, id)`.execute(db);
  await sql`create index jobs_owner_status on jobs (owner, status, submitted_at, id)`.execute(db);
  await sql`create index jobs_owner_class on jobs (owner, class, submitted_at, id) where class is not null`.execute(
    db,
  );
}

async function createOutputsTable(db: Kysely<unknown>): Promise<void> {
  await sql`create table outputs (
    job_id text not null references jobs (id) on delete cascade,
    name text not null,
    position integer not null,
    owner text not null,
    filename text not null,
    options text not null,
    status text not null,
    stored text,
    failure text,
    primary key (job_id, name),
    check ((stored is not null) = (status = 'complete'))
  )`.execute(db);
  await sql`create index outputs_complete on outputs (owner, filename, job_id) where status = 'complete'`.execute(
    db,
  );
}

async function createAttemptsTable(db: Kysely<unknown>): Promise<void> {
  await sql`create table attempts (
    job_id text not null references jobs (id) on delete cascade,
    attempt bigint not null,
    run integer not null,
    worker text not null,
    started_at bigint not null,
    ended_at bigint,
    result text,
    failure text,
    leftover integer not null,
    primary key (job_id, attempt),
    check ((result is null) = (ended_at is null))
  )`.execute(db);
  await sql`create index attempts_leftover on attempts (ended_at) where leftover = 1`.execute(db);
}

async function createUploadsTable(db: Kysely<unknown>): Promise<void> {
  await sql`create table uploads (
    id text not null primary key,
    owner text not null,
    filename text not null,
    created_at bigint not null,
    jobs integer not null,
    abandoned_at bigint
  )`.execute(db);
  await sql`create index uploads_unnamed on uploads (created_at) where jobs = 0`.execute(db);
}

async function createEventsTable(db: Kysely<unknown>, dialect: SqlDialect): Promise<void> {
  await sql`create table events (
    position ${dialect.countingKey},
    job_id text not null,
    owner text not null,
    status text not null,
    run integer not null,
    at bigint not null,
    failure text
  )`.execute(db);
  await sql`create index events_job on events (job_id, position)`.execute(db);
  await sql`create index events_owner on events (owner, position)`.execute(db);
}
