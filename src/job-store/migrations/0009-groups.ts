import { type Kysely, sql } from 'kysely';

/** Events of other systems, their jobs, answers and exports. What each column means stands in `group-tables.ts`. */
export async function createGroups(db: Kysely<unknown>): Promise<void> {
  await createGroupsTable(db);
  await addToJobs(db);
  await createExportsTable(db);
  await openDeliveriesToGroups(db);
}

async function createGroupsTable(db: Kysely<unknown>): Promise<void> {
  await sql`create table groups (
    id text not null primary key,
    event_key text not null unique,
    owner text not null,
    order_key text,
    turn bigint,
    blocked integer not null,
    jobs integer not null,
    remaining integer not null,
    ends integer not null,
    refused text not null,
    context text not null,
    exports text not null,
    targets text not null,
    created_at bigint not null,
    ended_at bigint,
    check (remaining >= 0 and remaining <= jobs),
    check ((order_key is null) = (turn is null)),
    check (blocked = 0 or (order_key is not null and ended_at is null)),
    check (ended_at is null or remaining = 0)
  )`.execute(db);
  await sql`create index groups_order on groups (order_key, turn) where order_key is not null`.execute(db);
  await sql`create index groups_open on groups (order_key, turn)
    where order_key is not null and ended_at is null`.execute(db);
  await sql`create index groups_empty on groups (ended_at) where jobs = 0`.execute(db);
}

async function addToJobs(db: Kysely<unknown>): Promise<void> {
  await sql`alter table jobs add column group_id text references groups (id)`.execute(db);
  await sql`alter table jobs add column part text`.execute(db);
  await sql`alter table jobs add column order_key text`.execute(db);
  await sql`alter table jobs add column blocked integer not null default 0
    check (blocked = 0 or (status = 'pending' and ready = 0 and waiting = 0))`.execute(db);
  await sql`create index jobs_group on jobs (group_id) where group_id is not null`.execute(db);
}

async function createExportsTable(db: Kysely<unknown>): Promise<void> {
  await sql`create table exports (
    group_id text not null references groups (id) on delete cascade,
    position integer not null,
    object_key text not null,
    bucket text not null,
    key text not null,
    content_type text not null,
    done_at bigint,
    primary key (group_id, position)
  )`.execute(db);
}

/** Made anew: SQLite takes no constraint away from a table. Their tries would go with the old one. */
async function openDeliveriesToGroups(db: Kysely<unknown>): Promise<void> {
  await sql`create table kept_tries as select * from delivery_tries`.execute(db);
  await sql`drop table delivery_tries`.execute(db);
  await sql`create table kept_deliveries as select * from deliveries`.execute(db);
  await sql`drop table deliveries`.execute(db);
  await createDeliveriesTable(db);
  const columns = sql`id, job_id, run, owner, type, kind, target, endpoint_id, target_key, order_key, body, status,
    claims, failures, created_at, pending_since, ended_at, ready, leased, due_at`;
  await sql`insert into deliveries (${columns}) select ${columns} from kept_deliveries`.execute(db);
  await sql`drop table kept_deliveries`.execute(db);
  await sql`create table delivery_tries (
    delivery_id text not null references deliveries (id) on delete cascade,
    try bigint not null,
    at bigint not null,
    status integer,
    latency_ms bigint not null,
    error text,
    primary key (delivery_id, try)
  )`.execute(db);
  await sql`insert into delivery_tries select * from kept_tries`.execute(db);
  await sql`drop table kept_tries`.execute(db);
}

async function createDeliveriesTable(db: Kysely<unknown>): Promise<void> {
  await sql`create table deliveries (
    id text not null primary key,
    job_id text references jobs (id) on delete cascade,
    group_id text references groups (id) on delete cascade,
    run integer not null,
    owner text not null,
    type text not null,
    kind text not null,
    target text not null,
    endpoint_id text,
    target_key text not null,
    order_key text,
    turn bigint,
    body text not null,
    status text not null,
    claims bigint not null,
    failures integer not null,
    created_at bigint not null,
    pending_since bigint not null,
    ended_at bigint,
    ready integer not null,
    leased integer not null,
    blocked integer not null default 0,
    due_at bigint,
    check ((job_id is null) <> (group_id is null)),
    check ((ended_at is null) = (status = 'pending')),
    check (ready = 0 or (due_at is null and leased = 0 and blocked = 0)),
    check (blocked = 0 or (due_at is null and leased = 0)),
    check ((ready = 1 or blocked = 1 or due_at is not null) = (status = 'pending'))
  )`.execute(db);
  // As before. Claims hop through the first from owner to owner and from target to target; the second is for tries to
  // come and leases.
  await sql`create index deliveries_ready on deliveries (owner, target_key, id) where ready = 1`.execute(db);
  await sql`create index deliveries_due on deliveries (due_at) where due_at is not null`.execute(db);
  await sql`create index deliveries_ended on deliveries (ended_at) where ended_at is not null`.execute(db);
  await sql`create index deliveries_job on deliveries (job_id, id)`.execute(db);
  await sql`create index deliveries_status on deliveries (status, id)`.execute(db);
  await sql`create index deliveries_owner on deliveries (owner, id)`.execute(db);
  await sql`create index deliveries_owner_status on deliveries (owner, status, id)`.execute(db);
  await sql`create index deliveries_group on deliveries (group_id, id) where group_id is not null`.execute(
    db,
  );
  await sql`create index deliveries_order on deliveries (order_key, target_key, turn, id)
    where order_key is not null and ended_at is null`.execute(db);
}
