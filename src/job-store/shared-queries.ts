import { type Kysely, type Selectable, sql } from 'kysely';
import type { Job } from '../jobs/job.ts';
import type { SqlDialect } from './dialect.ts';
import { toJobs } from './job-rows.ts';
import { type Prepared, prepare } from './prepared.ts';
import type { JobsTable, OutputsTable, Tables } from './tables.ts';

/** What both the callers' and the workers' side of the job store need. */
export class SharedQueries {
  readonly #outputs: Prepared<{ ids: string }, Selectable<OutputsTable>>;
  readonly #record: Prepared<{ ids: string }, never>;

  constructor(db: Kysely<Tables>, dialect: SqlDialect) {
    this.#outputs = prepare((p: { ids: string }) =>
      db.selectFrom('outputs').selectAll().where('job_id', 'in', dialect.strings(p.ids)).compile(),
    );
    this.#record = prepare((p: { ids: string }) =>
      sql<never>`insert into events (job_id, owner, status, run, at, failure)
        select id, owner, status, run, ${dialect.now}, failure from jobs
        where id in ${dialect.strings(p.ids)} order by id`.compile(db),
    );
  }

  /** The jobs of these rows, in their order, with their outputs. */
  async jobs(db: Kysely<Tables>, rows: readonly Selectable<JobsTable>[]): Promise<Job[]> {
    if (rows.length === 0) return [];
    return toJobs(rows, await this.#outputs.all(db, { ids: JSON.stringify(rows.map(row => row.id)) }));
  }

  /** Writes an event for each of these jobs: the status that it has now. */
  async recordEvents(db: Kysely<Tables>, ids: readonly string[]): Promise<void> {
    await this.#record.write(db, { ids: JSON.stringify(ids) });
  }
}
