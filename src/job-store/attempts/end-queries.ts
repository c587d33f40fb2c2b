import { type Kysely, type Selectable, sql } from 'kysely';
import { type Listened, listened } from '../deliveries/delivery-recorder.ts';
import type { SqlDialect } from '../dialect.ts';
import { expiryOnceEnded } from '../jobs/expiry-time.ts';
import { prepare } from '../prepared.ts';
import type { AttemptsTable, JobsTable, Tables } from '../tables.ts';
import { claimsIn } from './attempt-queries.ts';

/** An array of what `endRow` makes, bound as JSON. */
interface Ends {
  ends: string;
}

/** The statements of the ends of attempts, each compiled once and for any number of them. */
export function endQueries(db: Kysely<Tables>, dialect: SqlDialect) {
  return {
    endJobs: endJobs(db, dialect),
    endAttempts: endAttempts(db, dialect),
    endOutputs: endOutputs(db, dialect),
    results: prepare((p: { claims: string }) =>
      sql<Pick<Selectable<AttemptsTable>, 'job_id' | 'attempt' | 'result'>>`select job_id, attempt, result
        from attempts where (job_id, attempt) in ${claimsIn(dialect, p.claims)}`.compile(db),
    ),
    // The upload of a job, unless others name it too.
    abandonUploads: prepare((p: { ids: string }) =>
      sql<never>`update uploads set abandoned_at = coalesce(abandoned_at, ${dialect.now})
        where jobs = 1 and id in (select upload from jobs where id ${dialect.oneOf(p.ids)})`.compile(db),
    ),
  };
}

/** The one place where the fencing token decides about a result. Not by the status: SQLite would take the index of that. */
function endJobs(db: Kysely<Tables>, dialect: SqlDialect) {
  const { now, each } = dialect;
  return prepare((p: Ends) =>
    sql<
      Pick<Selectable<JobsTable>, 'id' | 'ready' | 'group_id' | 'order_key'> & Listened
    >`update jobs set status = ended.status,
        ready = ended.ready, waiting = ended.waiting, failure = ended.failure,
        attempts = attempts + ended.counted, ran_ms = ran_ms + ${now} - claimed_at,
        progress = coalesce(ended.progress, jobs.progress),
        not_before = case when ended.for_good = 1 then not_before else ${now} + ended.delay_ms end,
        ended_at = case when ended.for_good = 1 then ${now} end, claimed_at = null, lease_ends_at = null,
        ${expiryOnceEnded(dialect, sql`ended.for_good = 1`)}
      from (
        select value ->> 'jobId' as id, cast(value ->> 'attempt' as bigint) as attempt,
          value ->> 'status' as status, cast(value ->> 'ready' as integer) as ready,
          cast(value ->> 'waiting' as integer) as waiting, value ->> 'failure' as failure,
          cast(value ->> 'counted' as integer) as counted,
          cast(value ->> 'progress' as double precision) as progress,
          cast(value ->> 'delayMs' as bigint) as delay_ms, cast(value ->> 'forGood' as integer) as for_good
        from ${each(p.ends)} as item
      ) as ended
      where jobs.id = ended.id and jobs.claims = ended.attempt and jobs.lease_ends_at is not null
      returning jobs.id, jobs.ready, jobs.group_id, jobs.order_key, ${listened}`.compile(db),
  );
}

function endAttempts(db: Kysely<Tables>, { now, each }: SqlDialect) {
  return prepare((p: Ends) =>
    sql<never>`update attempts set ended_at = ${now}, result = value ->> 'result', failure = value ->> 'failure',
        leftover = cast(value ->> 'leftover' as integer)
      from ${each(p.ends)} as item
      where job_id = value ->> 'jobId' and attempt = cast(value ->> 'attempt' as bigint)`.compile(db),
  );
}

/** Of jobs that have ended for good: all complete, or all failed and some of them with a reason of their own. */
function endOutputs(db: Kysely<Tables>, { each }: SqlDialect) {
  const ofOutput = (what: 'stored' | 'failure') =>
    sql`(
      select cast(output.value -> ${sql.lit(what)} as text) from ${each(sql`item.value -> 'outputs'`)} as output
      where output.value ->> 'name' = outputs.name
    )`;
  return prepare((p: { outputs: string }) =>
    sql<never>`update outputs set status = item.value ->> 'status', stored = ${ofOutput('stored')},
        failure = ${ofOutput('failure')}
      from ${each(p.outputs)} as item where outputs.job_id = item.value ->> 'jobId'`.compile(db),
  );
}
