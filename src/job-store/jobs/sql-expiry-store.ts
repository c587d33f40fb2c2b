import { type Kysely, type Selectable, sql } from 'kysely';
import type { ExpiryStore } from '../../jobs/expiry-store.ts';
import type { SqlDialect } from '../dialect.ts';
import { opaqueNumber } from '../opaque-value.ts';
import { prepare } from '../prepared.ts';
import type { Announce } from '../sql-stores.ts';
import type { JobsTable, Tables } from '../tables.ts';
import { write } from '../transactions.ts';
import { EventRecorder } from './event-recorder.ts';

export class SqlExpiryStore implements ExpiryStore {
  readonly #db: Kysely<Tables>;
  readonly #announce: Announce;
  readonly #queries: ReturnType<typeof expiryQueries>;
  readonly #events: EventRecorder;

  constructor(db: Kysely<Tables>, dialect: SqlDialect, announce: Announce) {
    this.#db = db;
    this.#announce = announce;
    this.#queries = expiryQueries(db, dialect);
    this.#events = new EventRecorder(db, dialect);
  }

  async expireDue(limit: number): Promise<number> {
    const events = await write(this.#db, async trx => {
      const rows = await this.#queries.expire.all(trx, { limit });
      if (rows.length === 0) return [];
      const ids = JSON.stringify(rows.map(row => row.id));
      await this.#queries.expireOutputs.write(trx, { ids });
      await this.#queries.sweepAttempts.write(trx, { ids });
      await this.#queries.leaveUploads.write(trx, { ids });
      return this.#events.record(
        trx,
        rows.map(row => row.id),
      );
    });
    if (events.length > 0) this.#announce({ kind: 'event', events });
    return events.length;
  }

  dropExpired(minAgeMs: number, limit: number): Promise<number> {
    return write(this.#db, async trx => {
      const jobs = await this.#queries.drop.all(trx, { minAgeMs, limit });
      const groups = jobs.map(job => job.group_id).filter(id => id !== null);
      if (groups.length > 0) await this.#queries.dropGroups.write(trx, { ids: JSON.stringify(groups) });
      return jobs.length + (await this.#queries.dropEmptyGroups.write(trx, { minAgeMs, limit }));
    });
  }
}

function expiryQueries(db: Kysely<Tables>, dialect: SqlDialect) {
  const { oneOf } = dialect;
  return {
    expire: prepare((p: { limit: number }) =>
      sql<Pick<Selectable<JobsTable>, 'id'>>`update jobs set status = 'expired', expiring = 0
        where id in (${mayExpire(dialect, p)}) and expiring = 1 returning id`.compile(db),
    ),
    expireOutputs: prepare((p: { ids: string }) =>
      sql<never>`update outputs set expired = 1
        where status = 'complete' and job_id ${oneOf(p.ids)}`.compile(db),
    ),
    sweepAttempts: prepare((p: { ids: string }) =>
      sql<never>`update attempts set leftover = 1
        where result = 'complete' and job_id ${oneOf(p.ids)}`.compile(db),
    ),
    leaveUploads: leaveUploads(db, dialect),
    drop: dropJobs(db, dialect),
    dropGroups: prepare((p: { ids: string }) =>
      sql<never>`delete from groups where id ${oneOf(p.ids)}
        and not exists (select 1 from jobs where group_id = groups.id)`.compile(db),
    ),
    dropEmptyGroups: dropEmptyGroups(db, dialect),
  };
}

/**
 * The one place that decides which jobs may expire now: those whose retention is over, unless their group has not ended
 * or its deliveries may need the objects for exports.
 */
function mayExpire({ now }: SqlDialect, p: { limit: number }) {
  return sql`select id from jobs where expiring = 1 and expires_at <= ${now} and (group_id is null or (
      not exists (select 1 from groups where id = jobs.group_id and ended_at is null)
      and not exists (select 1 from deliveries where group_id = jobs.group_id and ended_at is null)
    ))
    order by expires_at limit ${opaqueNumber(p.limit)}`;
}

/** Takes expired jobs off the uploads that they name; an upload that loses its last one is abandoned. */
function leaveUploads(db: Kysely<Tables>, { now, oneOf }: SqlDialect) {
  return prepare((p: { ids: string }) =>
    sql<never>`update uploads set jobs = uploads.jobs - left_by.jobs,
        abandoned_at = case when abandoned_at is null and uploads.jobs <= left_by.jobs
          then ${now} else abandoned_at end
      from (
        select upload, count(*) as jobs from jobs
        where upload is not null and id ${oneOf(p.ids)} group by upload
      ) as left_by
      where uploads.id = left_by.upload`.compile(db),
  );
}

/** Their outputs and attempts go with them. */
function dropJobs(db: Kysely<Tables>, { now }: SqlDialect) {
  return prepare((p: { minAgeMs: number; limit: number }) =>
    sql<Pick<Selectable<JobsTable>, 'group_id'>>`delete from jobs where id in (
      select id from jobs
      where expiring = 0 and expires_at is not null and expires_at < ${now} - ${p.minAgeMs}
        and not exists (select 1 from attempts where job_id = jobs.id and leftover = 1)
      order by expires_at limit ${opaqueNumber(p.limit)}
    ) returning group_id`.compile(db),
  );
}

/** Groups that never had a job. */
function dropEmptyGroups(db: Kysely<Tables>, { now }: SqlDialect) {
  return prepare((p: { minAgeMs: number; limit: number }) =>
    sql<never>`delete from groups where id in (
      select id from groups where jobs = 0 and ended_at < ${now} - ${p.minAgeMs}
        and not exists (select 1 from deliveries where group_id = groups.id and deliveries.ended_at is null)
      order by ended_at limit ${opaqueNumber(p.limit)}
    )`.compile(db),
  );
}
