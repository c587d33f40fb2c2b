import { type RawBuilder, sql } from 'kysely';
import type { SqlDialect } from '../dialect.ts';

/** For the `set` of an update of jobs: the retention of those that end by it begins now. */
export function expiryOnceEnded({ now }: SqlDialect, ended: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`expires_at = case when ${ended} then ${now} + retention_ms end,
    expiring = case when ${ended} and retention_ms is not null then 1 else 0 end`;
}
