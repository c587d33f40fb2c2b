import { type Kysely, type Selectable, sql } from 'kysely';
import { type Job, longestTries, type TriedJob } from '../../jobs/job.ts';
import type { SqlDialect } from '../dialect.ts';
import { type Prepared, prepare } from '../prepared.ts';
import type { AttemptsTable, JobsTable, OutputsTable, Tables } from '../tables.ts';
import { toJobs, toTry } from './job-rows.ts';

/** Reads what belongs to jobs whose rows are there already. */
export class JobReader {
  readonly #outputs: Prepared<{ ids: string }, Selectable<OutputsTable>>;
  readonly #tries: Prepared<{ ids: string }, Selectable<AttemptsTable>>;

  constructor(db: Kysely<Tables>, dialect: SqlDialect) {
    this.#outputs = prepare((p: { ids: string }) =>
      sql<Selectable<OutputsTable>>`select * from outputs where job_id ${dialect.oneOf(p.ids)}`.compile(db),
    );
    // Attempts are counted by the claims of their job.
    this.#tries = prepare((p: { ids: string }) =>
      sql<Selectable<AttemptsTable>>`select attempts.* from jobs
        join attempts on attempts.job_id = jobs.id and attempts.attempt > jobs.claims - ${sql.lit(longestTries)}
        where jobs.id ${dialect.oneOf(p.ids)} order by attempts.attempt`.compile(db),
    );
  }

  /** The jobs of these rows, in their order, with their outputs. */
  async jobs(db: Kysely<Tables>, rows: readonly Selectable<JobsTable>[]): Promise<Job[]> {
    if (rows.length === 0) return [];
    return toJobs(rows, await this.#outputs.all(db, { ids: JSON.stringify(rows.map(row => row.id)) }));
  }

  /** The same, with what was tried. */
  async triedJobs(db: Kysely<Tables>, rows: readonly Selectable<JobsTable>[]): Promise<TriedJob[]> {
    const jobs = await this.jobs(db, rows);
    const claimed = rows.filter(row => row.claims > 0).map(row => row.id);
    const tries = claimed.length === 0 ? [] : await this.#tries.all(db, { ids: JSON.stringify(claimed) });
    const byJob = Map.groupBy(tries, row => row.job_id);
    return jobs.map(job => ({ ...job, tries: (byJob.get(job.id) ?? []).map(toTry) }));
  }
}
