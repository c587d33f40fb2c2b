import { type Kysely, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import type { SqlDialect } from './dialect.ts';
import { createJobs } from './migrations/0001-jobs.ts';
import { createApiKeys } from './migrations/0002-api-keys.ts';
import { createIdempotencyAndStatistics } from './migrations/0003-idempotency-and-statistics.ts';
import { createDeliveries } from './migrations/0004-deliveries.ts';
import { addExpiry } from './migrations/0005-expiry.ts';
import { createPartialUploads } from './migrations/0006-partial-uploads.ts';
import { addUploadPieces } from './migrations/0007-upload-pieces.ts';
import { indexUploadOwners } from './migrations/0008-upload-owners.ts';
import { createGroups } from './migrations/0009-groups.ts';
import type { Tables } from './tables.ts';

/** In the order in which they run; a name that was ever released never changes. */
const migrations = {
  '0001-jobs': createJobs,
  '0002-api-keys': createApiKeys,
  '0003-idempotency-and-statistics': createIdempotencyAndStatistics,
  '0004-deliveries': createDeliveries,
  '0005-expiry': addExpiry,
  '0006-partial-uploads': createPartialUploads,
  '0007-upload-pieces': addUploadPieces,
  '0008-upload-owners': indexUploadOwners,
  '0009-groups': createGroups,
};

export type MigrationName = keyof typeof migrations;

/** Oldest first. */
export const migrationNames = Object.keys(migrations) as MigrationName[];

/**
 * Brings the tables up to date; resolves to the names of the migrations that ran now. Throws what they threw.
 * @param last the migration after which it ends, which has not run yet; left out, the newest
 */
export async function migrate(
  db: Kysely<Tables>,
  dialect: SqlDialect,
  last?: MigrationName,
): Promise<string[]> {
  const migrator = migratorOf(db, dialect);
  const { error, results } = await (last === undefined
    ? migrator.migrateToLatest()
    : migrator.migrateTo(last));
  if (error !== undefined) throw error;
  return (results ?? []).map(result => result.migrationName);
}

/** The newest migration that has run, which may be one of a later version; undefined before the first. */
export async function newestMigration(db: Kysely<Tables>, dialect: SqlDialect): Promise<string | undefined> {
  const known = await migratorOf(db, dialect).getMigrations();
  if (known.every(({ executedAt }) => executedAt === undefined)) return undefined;
  const { rows } = await sql<{ name: string }>`select max(name) as name from kysely_migration`.execute(db);
  return rows[0]?.name;
}

function migratorOf(db: Kysely<Tables>, dialect: SqlDialect): Migrator {
  const bound = Object.entries(migrations).map(([name, up]) => [
    name,
    { up: (trx: Kysely<unknown>) => up(trx, dialect) },
  ]);
  return new Migrator({ db, provider: { getMigrations: async () => Object.fromEntries(bound) } });
}
