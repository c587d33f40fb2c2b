import { type Kysely, sql } from 'kysely';
import type { SqlDialect } from '../dialect.ts';
import { type Prepared, prepare } from '../prepared.ts';
import type { Tables } from '../tables.ts';

/** What was read and made, as far as it counts. */
export interface Handled {
  bytesRead: number;
  bytesStored: number;
  pixelsRead: number;
  pixelsStored: number;
}

export const nothingHandled: Handled = { bytesRead: 0, bytesStored: 0, pixelsRead: 0, pixelsStored: 0 };

/**
 * Writes down that jobs ended, each with its run's times; for the transaction that ends them. `ends` is bound as JSON: an
 * array of `Handled`s with a `jobId`.
 */
export function recordUsage(db: Kysely<Tables>, { each }: SqlDialect): Prepared<{ ends: string }, never> {
  const handled = (name: keyof Handled) => sql`cast(value ->> ${sql.lit(name)} as bigint)`;
  return prepare((p: { ends: string }) =>
    sql<never>`insert into usage (owner, status, class, ended_at, waited_ms, ran_ms,
        bytes_read, bytes_stored, pixels_read, pixels_stored)
      select owner, status, coalesce(class, ''), ended_at, waited_ms, ran_ms,
        ${handled('bytesRead')}, ${handled('bytesStored')}, ${handled('pixelsRead')}, ${handled('pixelsStored')}
      from ${each(p.ends)} as item join jobs on jobs.id = value ->> 'jobId'`.compile(db),
  );
}
