import { type Kysely, sql } from 'kysely';

/** How many uploads an owner has open is counted before another one. */
export async function indexUploadOwners(db: Kysely<unknown>): Promise<void> {
  await sql`create index partial_uploads_owner on partial_uploads (owner)`.execute(db);
}
