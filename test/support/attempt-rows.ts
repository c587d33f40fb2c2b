import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';

/** One attempt as it stands in the job store. */
export interface AttemptRow {
  readonly job_id: string;
  /** Epoch ms; null while it is under way. */
  readonly ended_at: number | null;
  readonly result: string | null;
}

/** Looks at attempts behind the service's back. */
export interface AttemptRows extends AsyncDisposable {
  /** Those of the worker in this process, oldest first. */
  ofProcess(pid: number | undefined): Promise<AttemptRow[]>;
}

const query = 'select job_id, ended_at, result from attempts where worker like $1 order by started_at';

/** @param databaseUrl as in DATABASE_URL */
export function openAttemptRows(databaseUrl: string): AttemptRows {
  const file = /^sqlite:(?<file>.*)$/.exec(databaseUrl)?.groups?.file;
  return file === undefined ? inPostgres(databaseUrl) : inSqlite(file);
}

function inSqlite(file: string): AttemptRows {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
  const statement = database.prepare(query.replace('$1', '?'));
  return {
    ofProcess: async pid => statement.all(named(pid)) as unknown as AttemptRow[],
    [Symbol.asyncDispose]: async () => database.close(),
  };
}

function inPostgres(connectionString: string): AttemptRows {
  const pool = new pg.Pool({ connectionString });
  return {
    async ofProcess(pid) {
      const { rows } = await pool.query<{ job_id: string; ended_at: string | null; result: string | null }>(
        query,
        [named(pid)],
      );
      return rows.map(row => ({ ...row, ended_at: row.ended_at === null ? null : Number(row.ended_at) }));
    },
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

/** A worker's name holds its process id between slashes. */
function named(pid: number | undefined): string {
  return `%/${pid}/%`;
}
