import { type Kysely, type Selectable, sql } from 'kysely';
import { type Listened, listened } from '../deliveries/delivery-recorder.ts';
import type { SqlDialect } from '../dialect.ts';
import { expiryOnceEnded } from '../jobs/expiry-time.ts';
import { noBackup } from '../no-backup.ts';
import { opaqueNumber } from '../opaque-value.ts';
import { prepare } from '../prepared.ts';
import type { AttemptsTable, JobsTable, Tables } from '../tables.ts';

type JobRow = Selectable<JobsTable>;
/** Of a job whose lease was lost for the second time; it doubles with each further one. */
const firstDelayMs = 1_000;

type Claimed = Pick<JobRow, 'id' | 'claims'>;

/** The statements of the workers' side after the claim, each compiled once. */
export class AttemptQueries {
  readonly renew;
  readonly held;
  readonly expire;
  readonly loseAttempts;
  readonly failOutputs;
  readonly ready;
  readonly nextDue;
  readonly leftovers;
  readonly forgetLeftovers;

  constructor(db: Kysely<Tables>, dialect: SqlDialect) {
    this.renew = renewLeases(db, dialect);
    this.held = heldClaims(db, dialect);
    this.expire = expireLeases(db, dialect);
    this.loseAttempts = prepare((p: { claims: string }) =>
      sql<never>`update attempts set ended_at = ${dialect.now}, result = 'lost', leftover = 1
        where (job_id, attempt) in ${claimsIn(dialect, p.claims)}`.compile(db),
    );
    this.failOutputs = prepare((p: { ids: string }) =>
      sql<never>`update outputs set status = 'failed' where job_id ${dialect.oneOf(p.ids)}`.compile(db),
    );
    this.ready = prepare((p: { limit: number }) =>
      sql<never>`update jobs set ready = 1, waiting = 0 where id in (
        select id from jobs where waiting = 1 and not_before <= ${dialect.now}
        order by not_before limit ${opaqueNumber(p.limit)}
      )`.compile(db),
    );
    this.nextDue = prepare(() =>
      sql<{ due_in: number }>`select not_before - ${dialect.now} as due_in from jobs where waiting = 1
        order by not_before limit 1`.compile(db),
    );
    this.leftovers = prepare((p: { limit: number }) =>
      sql<Pick<Selectable<AttemptsTable>, 'job_id' | 'attempt'>>`select job_id, attempt from attempts
        where leftover = 1 and ${noBackup(dialect)} order by ended_at limit ${opaqueNumber(p.limit)}`.compile(
        db,
      ),
    );
    this.forgetLeftovers = prepare((p: { claims: string }) =>
      sql<never>`update attempts set leftover = 0
        where (job_id, attempt) in ${claimsIn(dialect, p.claims)}`.compile(db),
    );
  }
}

/** The job ids and attempts of an array of `ClaimRef`s that is bound as JSON. */
export function claimsIn({ each }: SqlDialect, claims: string) {
  return sql`(select value ->> 'jobId', cast(value ->> 'attempt' as bigint) from ${each(claims)} as item)`;
}

function renewLeases(db: Kysely<Tables>, { now, each }: SqlDialect) {
  return prepare((p: { claims: string; leaseMs: number }) =>
    sql<Claimed & Pick<JobRow, 'owner' | 'progress'>>`update jobs
      set lease_ends_at = ${now} + ${p.leaseMs}, progress = held.progress
      from (
        select value ->> 'jobId' as id, cast(value ->> 'attempt' as bigint) as attempt,
          cast(value ->> 'progress' as double precision) as progress
        from ${each(p.claims)} as item
      ) as held
      where jobs.id = held.id and jobs.claims = held.attempt and jobs.lease_ends_at is not null
      returning jobs.id, jobs.claims, jobs.owner, jobs.progress`.compile(db),
  );
}

function heldClaims(db: Kysely<Tables>, dialect: SqlDialect) {
  return prepare((p: { claims: string }) =>
    sql<Claimed>`select jobs.id, jobs.claims from ${dialect.each(p.claims)} as item
      join jobs on jobs.id = value ->> 'jobId' and jobs.claims = cast(value ->> 'attempt' as bigint)
      where jobs.lease_ends_at is not null`.compile(db),
  );
}

/**
 * A lost lease adds the time until it ended to the running time: nobody knows how long its worker really lived. After
 * the first one the job starts again at once, after each further one a little later: a job that kills its workers
 * leaves time for the others, and one that was in work at each of many restarts is not taken for such a job.
 */
function expireLeases(db: Kysely<Tables>, dialect: SqlDialect) {
  const { now } = dialect;
  return prepare((p: { maxLostLeases: number; again: string; last: string }) => {
    const over = sql`lost_leases + 1 >= ${p.maxLostLeases}`;
    const later = sql`lost_leases > 0`;
    return sql<Claimed & Pick<JobRow, 'status' | 'group_id' | 'order_key'> & Listened>`update jobs set
        status = case when ${over} then 'failed' else 'pending' end,
        ready = case when ${over} or ${later} then 0 else 1 end,
        waiting = case when ${later} and not (${over}) then 1 else 0 end,
        not_before = case when ${later} then ${now} + (${sql.lit(firstDelayMs)} << (lost_leases - 1)) else not_before end,
        ended_at = case when ${over} then ${now} end,
        failure = case when ${over} then ${p.last} else ${p.again} end,
        progress = case when ${over} then progress else 0 end,
        lost_leases = lost_leases + 1, ran_ms = ran_ms + lease_ends_at - claimed_at,
        claimed_at = null, lease_ends_at = null, ${expiryOnceEnded(dialect, over)}
      where lease_ends_at <= ${now}
      returning id, claims, status, group_id, order_key, ${listened}`.compile(db);
  });
}
