import { type Kysely, sql } from 'kysely';

/** Where the object store keeps the bytes of an upload that comes in pieces. */
export async function addUploadPieces(db: Kysely<unknown>): Promise<void> {
  await sql`alter table partial_uploads add column pieces text not null default '[]'`.execute(db);
}
