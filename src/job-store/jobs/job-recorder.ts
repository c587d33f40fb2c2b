import { type Kysely, type Selectable, sql } from 'kysely';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { JobEvent } from '../../jobs/event-log.ts';
import type { TriedJob } from '../../jobs/job.ts';
import type { SqlDialect } from '../dialect.ts';
import { type Prepared, prepare } from '../prepared.ts';
import { returned } from '../returned.ts';
import type { JobsTable, Tables } from '../tables.ts';
import { EventRecorder } from './event-recorder.ts';
import { fromNewJob, fromOutputs, type RecordedJob, toJob } from './job-rows.ts';

/** Writes new jobs and what belongs to them, any number with the same few statements. */
export class JobRecorder {
  readonly #nameUploads: Prepared<{ jobs: string }, never>;
  readonly #insert: Prepared<{ jobs: string }, Selectable<JobsTable>>;
  readonly #insertOutputs: Prepared<{ outputs: string }, never>;
  readonly #events: EventRecorder;

  constructor(db: Kysely<Tables>, dialect: SqlDialect) {
    this.#nameUploads = nameUploads(db, dialect);
    this.#insert = insertJobs(db, dialect);
    this.#insertOutputs = insertOutputs(db, dialect);
    this.#events = new EventRecorder(db, dialect);
  }

  /** Resolves to the jobs in their order. Throws `not-found` when an upload is not there for its owner. */
  async record(
    trx: Kysely<Tables>,
    jobs: readonly RecordedJob[],
  ): Promise<{ accepted: TriedJob[]; events: JobEvent[] }> {
    const rows = jobs.map(fromNewJob);
    const parameters = { jobs: JSON.stringify(rows) };
    const uploads = new Set(
      rows.flatMap(({ upload, owner }) => (upload === null ? [] : [`${owner} ${upload}`])),
    );
    if (uploads.size > 0 && (await this.#nameUploads.write(trx, parameters)) < uploads.size) {
      throw new TintypeError('not-found', 'There is no such upload.', { pointer: '/source/upload' });
    }
    const inserted = new Map((await this.#insert.all(trx, parameters)).map(row => [row.id, row]));
    const outputs = jobs.map(fromOutputs);
    await this.#insertOutputs.write(trx, { outputs: JSON.stringify(outputs.flat()) });
    const accepted = jobs.map(({ id }, index) => ({
      ...toJob(returned(inserted.get(id)), outputs[index] ?? []),
      tries: [],
    }));
    const ids = jobs.map(({ id }) => id);
    return { accepted, events: await this.#events.record(trx, ids) };
  }
}

/** In the order of their ids, so that of two who name the same ones none waits for the other while that waits for him. */
function nameUploads(db: Kysely<Tables>, { each }: SqlDialect) {
  return prepare((p: { jobs: string }) =>
    sql<never>`update uploads set jobs = uploads.jobs + named.jobs
      from (
        select value ->> 'upload' as upload, value ->> 'owner' as owner, count(*) as jobs
        from ${each(p.jobs)} as item group by 1, 2 order by 1
      ) as named
      where uploads.id = named.upload and uploads.owner = named.owner and uploads.abandoned_at is null`.compile(
      db,
    ),
  );
}

function insertJobs(db: Kysely<Tables>, { now, each }: SqlDialect) {
  return prepare((p: { jobs: string }) =>
    sql<Selectable<JobsTable>>`insert into jobs (
        id, owner, status, priority, class, run, claims, attempts, lost_leases, ran_ms, progress,
        source, metadata, upload, retention_ms, submitted_at, not_before, ready, waiting, webhooks,
        group_id, part, order_key, blocked
      )
      select value ->> 'id', value ->> 'owner', 'pending', cast(value ->> 'priority' as integer),
        value ->> 'class', 1, 0, 0, 0, 0, 0, value ->> 'source', value ->> 'metadata', value ->> 'upload',
        cast(value ->> 'retentionMs' as bigint), clock.now,
        case when start > clock.now then start else clock.now end,
        case when start > clock.now or blocked = 1 then 0 else 1 end,
        case when start > clock.now and blocked = 0 then 1 else 0 end, value ->> 'webhooks',
        value ->> 'groupId', value ->> 'part', value ->> 'orderKey', blocked
      from (
          select value, cast(value ->> 'notBefore' as bigint) as start, cast(value ->> 'blocked' as integer) as blocked
          from ${each(p.jobs)} as item
        ) as given,
        (select ${now} as now) as clock
      returning *`.compile(db),
  );
}

function insertOutputs(db: Kysely<Tables>, { each }: SqlDialect) {
  return prepare((p: { outputs: string }) =>
    sql<never>`insert into outputs (job_id, name, position, owner, filename, options, status)
      select value ->> 'job_id', value ->> 'name', cast(value ->> 'position' as integer), value ->> 'owner',
        value ->> 'filename', value ->> 'options', 'pending'
      from ${each(p.outputs)} as item`.compile(db),
  );
}
