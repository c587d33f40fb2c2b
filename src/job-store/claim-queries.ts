import { type Kysely, type Selectable, sql } from 'kysely';
import type { SqlDialect } from './dialect.ts';
import { prepare } from './prepared.ts';
import type { JobsTable, Tables } from './tables.ts';

/** The statements of a claim, each compiled once. */
export function claimQueries(db: Kysely<Tables>, dialect: SqlDialect) {
  return {
    next: nextJobs(db),
    take: prepare((p: { ids: string; leaseMs: number }) =>
      sql<Selectable<JobsTable>>`update jobs set status = 'processing', ready = 0, claims = claims + 1,
          progress = 0, failure = null, claimed_at = ${dialect.now},
          started_at = coalesce(started_at, ${dialect.now}), lease_ends_at = ${dialect.now} + ${p.leaseMs}
        where id in ${dialect.strings(p.ids)} and ready = 1 returning *`.compile(db),
    ),
    insertAttempts: prepare((p: { ids: string; worker: string }) =>
      sql<never>`insert into attempts (job_id, attempt, run, worker, started_at, leftover)
        select id, claims, run, ${p.worker}, claimed_at, 0 from jobs
        where id in ${dialect.strings(p.ids)}`.compile(db),
    ),
  };
}

/**
 * The jobs whose turn it is. `ahead` and `behind` hop through the index of ready jobs from owner to owner, from the one
 * after the last that was served to the end, and from the start round to it; `turns` has as many owners as there are
 * slots. The slots go to the first job of each, then to the second of each, and so on. Reads a few entries of the index
 * per owner and slot, however many jobs wait.
 */
function nextJobs(db: Kysely<Tables>) {
  return prepare((p: { lastOwner: string; limit: number }) =>
    sql<{ id: string; owner: string }>`with recursive
      ahead (owner, turn) as (
        select (select min(owner) from jobs where ready = 1 and owner > ${p.lastOwner}), 1
        union all
        select (select min(jobs.owner) from jobs where ready = 1 and jobs.owner > ahead.owner), turn + 1
        from ahead where owner is not null and turn < ${p.limit}
      ),
      behind (owner, turn) as (
        select (select min(owner) from jobs where ready = 1), 1
        union all
        select (select min(jobs.owner) from jobs where ready = 1 and jobs.owner > behind.owner), turn + 1
        from behind where owner <= ${p.lastOwner} and turn < ${p.limit}
      ),
      turns (owner, lap, turn) as (
        select owner, 1, turn from ahead where owner is not null
        union all
        select owner, 2, turn from behind where owner <= ${p.lastOwner}
        order by 2, 3 limit ${p.limit}
      )
      select jobs.id, jobs.owner
      from turns cross join jobs
      where jobs.id in (
        select mine.id from jobs as mine where mine.owner = turns.owner and mine.ready = 1
        order by mine.priority, mine.id limit ${p.limit}
      )
      order by row_number() over (partition by jobs.owner order by jobs.priority, jobs.id), turns.lap, turns.turn
      limit ${p.limit}`.compile(db),
  );
}
