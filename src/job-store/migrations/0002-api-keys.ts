import { type Kysely, sql } from 'kysely';

/** What each column means stands in `tables.ts`. */
export async function createApiKeys(db: Kysely<unknown>): Promise<void> {
  await sql`create table api_keys (
    id text not null primary key,
    owner text not null,
    admin integer not null,
    secret_hash text not null,
    created_at bigint not null,
    last_used_at bigint,
    revoked_at bigint
  )`.execute(db);
  await sql`create index api_keys_oldest on api_keys (created_at, id)`.execute(db);
}
