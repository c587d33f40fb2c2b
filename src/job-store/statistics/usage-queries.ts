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

/** Writes down that these jobs ended, each with its run's times; for the transaction that ends them. */
export function recordUsage(
  db: Kysely<Tables>,
  { oneOf }: SqlDialect,
): Prepared<Handled & { ids: string }, never> {
  return prepare((p: Handled & { ids: string }) =>
    sql<never>`insert into usage (owner, status, class, ended_at, waited_ms, ran_ms,
        bytes_read, bytes_stored, pixels_read, pixels_stored)
      select owner, status, coalesce(class, ''), ended_at, waited_ms, ran_ms,
        cast(${p.bytesRead} as bigint), cast(${p.bytesStored} as bigint),
        cast(${p.pixelsRead} as bigint), cast(${p.pixelsStored} as bigint)
      from jobs where id ${oneOf(p.ids)}`.compile(db),
  );
}
