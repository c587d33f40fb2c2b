import { type Kysely, sql } from 'kysely';

/** Who is told of jobs' ends, and what was told. What each column means stands in `delivery-tables.ts`. */
export async function createDeliveries(db: Kysely<unknown>): Promise<void> {
  await sql`alter table jobs add column webhooks text`.execute(db);
  await createEndpointsTable(db);
  await createDeliveriesTable(db);
  await sql`create table delivery_tries (
    delivery_id text not null references deliveries (id) on delete cascade,
    try bigint not null,
    at bigint not null,
    status integer,
    latency_ms bigint not null,
    error text,
    primary key (delivery_id, try)
  )`.execute(db);
}

async function createEndpointsTable(db: Kysely<unknown>): Promise<void> {
  await sql`create table webhook_endpoints (
    id text not null primary key,
    owner text not null,
    url text not null,
    events text not null,
    enabled integer not null,
    template text,
    secret text not null,
    previous_secret text,
    previous_secret_ends_at bigint,
    created_at bigint not null
  )`.execute(db);
  await sql`create index webhook_endpoints_owner on webhook_endpoints (owner, id)`.execute(db);
  await sql`create index webhook_endpoints_enabled on webhook_endpoints (owner) where enabled = 1`.execute(
    db,
  );
}

async function createDeliveriesTable(db: Kysely<unknown>): Promise<void> {
  await sql`create table deliveries (
    id text not null primary key,
    job_id text not null references jobs (id) on delete cascade,
    run integer not null,
    owner text not null,
    type text not null,
    kind text not null,
    target text not null,
    endpoint_id text,
    target_key text not null,
    order_key text,
    body text not null,
    status text not null,
    claims bigint not null,
    failures integer not null,
    created_at bigint not null,
    pending_since bigint not null,
    ended_at bigint,
    ready integer not null,
    leased integer not null,
    due_at bigint,
    check ((ended_at is null) = (status = 'pending')),
    check (ready = 0 or (due_at is null and leased = 0)),
    check ((ready = 1 or due_at is not null) = (status = 'pending'))
  )`.execute(db);
  // Claims hop through the first from owner to owner and from target to target; the second is for tries to come and
  // leases. Their conditions are not on the status, for the reason that the jobs' have.
  await sql`create index deliveries_ready on deliveries (owner, target_key, id) where ready = 1`.execute(db);
  await sql`create index deliveries_due on deliveries (due_at) where due_at is not null`.execute(db);
  await sql`create index deliveries_ended on deliveries (ended_at) where ended_at is not null`.execute(db);
  await sql`create index deliveries_job on deliveries (job_id, id)`.execute(db);
  await sql`create index deliveries_status on deliveries (status, id)`.execute(db);
  await sql`create index deliveries_owner on deliveries (owner, id)`.execute(db);
  await sql`create index deliveries_owner_status on deliveries (owner, status, id)`.execute(db);
}
