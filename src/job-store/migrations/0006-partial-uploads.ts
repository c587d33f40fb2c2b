import { type Kysely, sql } from 'kysely';

/** Uploads that come in pieces. What each column means stands in `tables.ts`. */
export async function createPartialUploads(db: Kysely<unknown>): Promise<void> {
  await sql`create table partial_uploads (
    id text not null primary key,
    owner text not null,
    filename text not null,
    bytes bigint not null,
    received bigint not null,
    touched_at bigint not null,
    lock_token text,
    locked_until bigint not null,
    wanted integer not null,
    abandoned_at bigint,
    check (received <= bytes)
  )`.execute(db);
  await sql`create index partial_uploads_touched on partial_uploads (touched_at)`.execute(db);
  await sql`create index partial_uploads_locked on partial_uploads (lock_token) where lock_token is not null`.execute(
    db,
  );
}
