import { type Kysely, type Selectable, sql } from 'kysely';
import type { ClaimRef } from '../../jobs/attempt-store.ts';
import type { AuditStore, ExpectedOutput } from '../../jobs/audit-store.ts';
import type { StoredOutput } from '../../jobs/job.ts';
import type { SqlDialect } from '../dialect.ts';
import { opaqueNumber } from '../opaque-value.ts';
import { prepare } from '../prepared.ts';
import type { AttemptsTable, OutputsTable, Tables } from '../tables.ts';

export class SqlAuditStore implements AuditStore {
  readonly #db: Kysely<Tables>;
  readonly #queries: ReturnType<typeof auditQueries>;

  constructor(db: Kysely<Tables>, dialect: SqlDialect) {
    this.#db = db;
    this.#queries = auditQueries(db, dialect);
  }

  async knownAttempts(attempts: readonly ClaimRef[]): Promise<ClaimRef[]> {
    if (attempts.length === 0) return [];
    const rows = await this.#queries.attempts.all(this.#db, { claims: JSON.stringify(attempts) });
    return rows.map(row => ({ jobId: row.job_id, attempt: row.attempt }));
  }

  async knownUploads(ids: readonly string[]): Promise<string[]> {
    if (ids.length === 0) return [];
    const rows = await this.#queries.uploads.all(this.#db, { ids: JSON.stringify(ids) });
    return rows.map(row => row.id);
  }

  async expectedOutputs(
    after: Pick<ExpectedOutput, 'jobId' | 'name'> | undefined,
    limit: number,
  ): Promise<ExpectedOutput[]> {
    const { jobId = '', name = '' } = after ?? {};
    const rows = await this.#queries.expectedOutputs.all(this.#db, { jobId, name, limit });
    return rows.map(row => {
      const { key } = JSON.parse(row.stored) as StoredOutput;
      return { jobId: row.job_id, name: row.name, key };
    });
  }

  async expectedUploads(after: string | undefined, limit: number): Promise<string[]> {
    const rows = await this.#queries.expectedUploads.all(this.#db, { after: after ?? '', limit });
    return rows.map(row => row.id);
  }
}

interface OutputRow extends Pick<Selectable<OutputsTable>, 'job_id' | 'name'> {
  readonly stored: string;
}

function auditQueries(db: Kysely<Tables>, { each, oneOf }: SqlDialect) {
  return {
    attempts: prepare((p: { claims: string }) =>
      sql<Pick<Selectable<AttemptsTable>, 'job_id' | 'attempt'>>`select attempts.job_id, attempts.attempt
        from ${each(p.claims)} as item
        join attempts on attempts.job_id = value ->> 'jobId'
          and attempts.attempt = cast(value ->> 'attempt' as bigint)
        join jobs on jobs.id = attempts.job_id
        where attempts.ended_at is null or attempts.leftover = 1
          or (attempts.result = 'complete' and jobs.status = 'complete')`.compile(db),
    ),
    uploads: prepare((p: { ids: string }) =>
      sql<{ id: string }>`select id from uploads where id ${oneOf(p.ids)}
        union all select id from partial_uploads where id ${oneOf(p.ids)}`.compile(db),
    ),
    expectedOutputs: prepare((p: { jobId: string; name: string; limit: number }) =>
      sql<OutputRow>`select job_id, name, stored from outputs
        where (job_id, name) > (${p.jobId}, ${p.name}) and stored is not null and expired = 0
        order by job_id, name limit ${opaqueNumber(p.limit)}`.compile(db),
    ),
    expectedUploads: prepare((p: { after: string; limit: number }) =>
      sql<{ id: string }>`select id from uploads
        where id > ${p.after} and jobs > 0 and abandoned_at is null
        order by id limit ${opaqueNumber(p.limit)}`.compile(db),
    ),
  };
}
