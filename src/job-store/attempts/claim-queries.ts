import { type Kysely, type Selectable, sql } from 'kysely';
import type { SqlDialect } from '../dialect.ts';
import { prepare } from '../prepared.ts';
import type { JobsTable, Tables } from '../tables.ts';
import { nextTurns } from './fair-turns.ts';

/** The statements of a claim, each compiled once. */
export function claimQueries(db: Kysely<Tables>, dialect: SqlDialect) {
  return {
    next: nextTurns(db, dialect, { table: 'jobs', party: 'owner', order: 'priority, id' }),
    take: prepare((p: { ids: string; leaseMs: number }) =>
      sql<Selectable<JobsTable>>`update jobs set status = 'processing', ready = 0, claims = claims + 1,
          progress = 0, failure = null, claimed_at = ${dialect.now},
          waited_ms = case when started_at is null then ${dialect.now} - not_before else waited_ms end,
          started_at = coalesce(started_at, ${dialect.now}), lease_ends_at = ${dialect.now} + ${p.leaseMs}
        where id ${dialect.oneOf(p.ids)} and ready = 1 returning *`.compile(db),
    ),
    insertAttempts: prepare((p: { ids: string; worker: string }) =>
      sql<never>`insert into attempts (job_id, attempt, run, worker, started_at, leftover)
        select id, claims, run, ${p.worker}, claimed_at, 0 from jobs
        where id ${dialect.oneOf(p.ids)}`.compile(db),
    ),
  };
}
