import { type Kysely, type Selectable, sql } from 'kysely';
import type { JobEvent } from '../jobs/event-log.ts';
import type { Job } from '../jobs/job.ts';
import type { SqlDialect } from './dialect.ts';
import { toEvent, toJobs } from './job-rows.ts';
import { type Prepared, prepare } from './prepared.ts';
import type { EventsTable, JobsTable, OutputsTable, Tables } from './tables.ts';

/** What both the callers' and the workers' side of the job store need. */
export class SharedQueries {
  readonly #outputs: Prepared<{ ids: string }, Selectable<OutputsTable>>;
  readonly #record: Prepared<{ ids: string }, Selectable<EventsTable>>;

  constructor(db: Kysely<Tables>, dialect: SqlDialect) {
    this.#outputs = prepare((p: { ids: string }) =>
      db.selectFrom('outputs').selectAll().where('job_id', 'in', dialect.strings(p.ids)).compile(),
    );
    this.#record = prepare((p: { ids: string }) =>
      sql<Selectable<EventsTable>>`insert into events (job_id, owner, status, run, at, failure)
        select id, owner, status, run, ${dialect.now}, failure from jobs
        where id in ${dialect.strings(p.ids)} order by id returning *`.compile(db),
    );
  }

  /** The jobs of these rows, in their order, with their outputs. */
  async jobs(db: Kysely<Tables>, rows: readonly Selectable<JobsTable>[]): Promise<Job[]> {
    if (rows.length === 0) return [];
    return toJobs(rows, await this.#outputs.all(db, { ids: JSON.stringify(rows.map(row => row.id)) }));
  }

  /** Writes an event for each of these jobs: the status that it has now. Resolves to them, in the log's order. */
  async recordEvents(db: Kysely<Tables>, ids: readonly string[]): Promise<JobEvent[]> {
    const rows = await this.#record.all(db, { ids: JSON.stringify(ids) });
    return rows.map(toEvent).sort((a, b) => a.position - b.position);
  }
}
