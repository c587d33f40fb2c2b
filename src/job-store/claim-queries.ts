import { type Kysely, type RawBuilder, type Selectable, sql } from 'kysely';
import type { SqlDialect } from './dialect.ts';
import { opaqueNumber } from './opaque-value.ts';
import { prepare } from './prepared.ts';
import type { JobsTable, Tables } from './tables.ts';

/** The statements of a claim, each compiled once. */
export function claimQueries(db: Kysely<Tables>, dialect: SqlDialect) {
  return {
    next: nextJobs(db, dialect),
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
 * Owners with ready jobs and the first of those, at most `limit` owners from the one after the last that was served,
 * and as many from the start round to it. Each recursion hops through the index of ready jobs from owner to owner, so
 * that this reads a few entries per owner, however many jobs wait.
 */
function nextJobs(db: Kysely<Tables>, dialect: SqlDialect) {
  return prepare((p: { lastOwner: string; limit: number }) => {
    const first = (condition: RawBuilder<unknown>) =>
      sql`(select owner from jobs where ready = 1 and ${condition} order by owner limit 1)`;
    return sql<Turn>`with recursive
      ahead (name, turn) as (
        select ${first(sql`owner > ${p.lastOwner}`)}, 1
        union all
        select ${first(sql`owner > ahead.name`)}, turn + 1 from ahead where name is not null and turn < ${opaqueNumber(p.limit)}
      ),
      behind (name, turn) as (
        select ${first(sql`owner <= ${p.lastOwner}`)}, 1
        union all
        select ${first(sql`owner > behind.name and owner <= ${p.lastOwner}`)}, turn + 1
        from behind where name is not null and turn < ${opaqueNumber(p.limit)}
      ),
      turns (lap, turn, owner) as (
        select 1, turn, name from ahead where name is not null
        union all
        select 2, turn, name from behind where name is not null
      )
      select lap, turn, owner, (
        select ${dialect.list(sql`id`)} from (
          select id from jobs where ready = 1 and owner = turns.owner order by priority, id limit ${opaqueNumber(p.limit)}
          ${dialect.skipLocked}
        ) as mine
      ) as ids
      from turns`.compile(db);
  });
}

/** One owner's turn: in the first lap if it comes after the owner who was served last. */
export interface Turn {
  readonly lap: number;
  readonly turn: number;
  readonly owner: string;
  /** JSON: the ids of its first jobs, in their order. */
  readonly ids: string;
}

/** Gives the slots to the first job of each owner, then to the second of each, and so on. */
export function dealSlots(turns: readonly Turn[], slots: number): { id: string; owner: string }[] {
  const inOrder = turns.toSorted((a, b) => a.lap - b.lap || a.turn - b.turn).slice(0, slots);
  const queues = inOrder.map(({ owner, ids }) => (JSON.parse(ids) as string[]).map(id => ({ id, owner })));
  const rounds = Array.from({ length: slots }, (_, round) => queues.map(queue => queue[round]));
  return rounds
    .flat()
    .filter(slot => slot !== undefined)
    .slice(0, slots);
}
