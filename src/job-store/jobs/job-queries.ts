import { type Kysely, type RawBuilder, type Selectable, sql } from 'kysely';
import { type Listened, listened } from '../deliveries/delivery-recorder.ts';
import type { SqlDialect } from '../dialect.ts';
import { opaqueNumber } from '../opaque-value.ts';
import { type Prepared, prepare } from '../prepared.ts';
import type { JobsTable, OutputsTable, Tables } from '../tables.ts';
import { expiryOnceEnded } from './expiry-time.ts';

type JobRow = Selectable<JobsTable>;
/** A job, hidden from other owners where `owner` is given. */
interface OwnedJob {
  id: string;
  owner: string | null;
}

/** The statements of the callers' side of the job store, each compiled once. */
export class JobQueries {
  readonly byId;
  readonly cancel;
  readonly cancelAttempt;
  readonly retry;
  readonly resetOutputs;
  readonly newestOutput;
  readonly newestExpired;
  readonly queued;
  readonly queuedOfOwner;
  readonly backlog;

  constructor(db: Kysely<Tables>, dialect: SqlDialect) {
    this.byId = prepare((p: { id: string }) =>
      db.selectFrom('jobs').selectAll().where('id', '=', p.id).compile(),
    );
    this.cancel = cancelJob(db, dialect);
    this.cancelAttempt = prepare((p: { id: string; attempt: number }) =>
      sql<never>`update attempts set ended_at = ${dialect.now}, result = 'cancelled', leftover = 1
        where job_id = ${p.id} and attempt = ${p.attempt} and ended_at is null`.compile(db),
    );
    this.retry = retryJob(db, dialect);
    this.resetOutputs = resetOutputs(db, dialect);
    this.newestOutput = newestOutput(db);
    this.newestExpired = newestExpired(db);
    this.queued = queued(db, () => sql`status = 'pending'`);
    this.queuedOfOwner = queued(db, owner => sql`owner = ${owner} and status = 'pending'`);
    this.backlog = prepare(() =>
      sql<{ status: string; jobs: number }>`select status, count(*) as jobs from jobs
        where status in ('pending', 'processing') group by status`.compile(db),
    );
  }
}

function cancelJob(db: Kysely<Tables>, dialect: SqlDialect) {
  return prepare((p: OwnedJob) =>
    sql<
      JobRow & Listened
    >`update jobs set status = 'cancelled', ready = 0, waiting = 0, blocked = 0, ended_at = ${dialect.now}, failure = null,
        ran_ms = ran_ms + coalesce(${dialect.now} - claimed_at, 0), claimed_at = null, lease_ends_at = null, ${expiryOnceEnded(dialect, sql`true`)}
      where id = ${p.id} and status in ('pending', 'processing') and owner = coalesce(${p.owner}, owner)
      returning *, ${listened}`.compile(db),
  );
}

function retryJob(db: Kysely<Tables>, dialect: SqlDialect) {
  return prepare((p: OwnedJob) =>
    sql<JobRow>`update jobs set ${nextRun(dialect)}
      where id = ${p.id} and status in ('failed', 'cancelled') and owner = coalesce(${p.owner}, owner)
        and ${uploadIsThere}
      returning *`.compile(db),
  );
}

/** An upload that was abandoned does not come back. */
export const uploadIsThere: RawBuilder<boolean> = sql<boolean>`(upload is null
  or exists (select 1 from uploads where uploads.id = jobs.upload and abandoned_at is null))`;

/** What a retry changes. Keeps `claims`: the fencing token only grows. A job with an order key is its group's to let go. */
export function nextRun({ now }: SqlDialect): RawBuilder<unknown> {
  return sql`status = 'pending', ready = case when order_key is null then 1 else 0 end,
    blocked = case when order_key is null then 0 else 1 end, run = run + 1, attempts = 0, lost_leases = 0,
    ran_ms = 0, waited_ms = 0, progress = 0, failure = null, not_before = ${now}, started_at = null, ended_at = null,
    expires_at = null, expiring = 0`;
}

/** Of the jobs whose next run begins. */
export function resetOutputs(db: Kysely<Tables>, dialect: SqlDialect): Prepared<{ ids: string }, never> {
  return prepare((p: { ids: string }) =>
    sql<never>`update outputs set status = 'pending', stored = null, failure = null
      where job_id ${dialect.oneOf(p.ids)}`.compile(db),
  );
}

function queued(db: Kysely<Tables>, condition: (owner: string) => RawBuilder<unknown>) {
  return prepare((p: { most: number; owner: string }) =>
    sql<{ jobs: number }>`select count(*) as jobs from (
        select 1 from jobs where ${condition(p.owner)} limit ${opaqueNumber(p.most)}
      ) as counted`.compile(db),
  );
}

function newestOutput(db: Kysely<Tables>) {
  return prepare((p: { owner: string; filename: string }) =>
    sql<Selectable<OutputsTable>>`select * from outputs
      where status = 'complete' and expired = 0 and owner = ${p.owner} and filename = ${p.filename}
      order by job_id desc limit 1`.compile(db),
  );
}

function newestExpired(db: Kysely<Tables>) {
  return prepare((p: { owner: string; filename: string }) =>
    sql<Selectable<OutputsTable>>`select * from outputs
      where expired = 1 and owner = ${p.owner} and filename = ${p.filename}
      order by job_id desc limit 1`.compile(db),
  );
}
