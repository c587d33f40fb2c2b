import { type Kysely, type Selectable, sql } from 'kysely';
import type { EventFilter, EventLog, JobEvent } from '../../jobs/event-log.ts';
import type { SqlDialect } from '../dialect.ts';
import { opaqueNumber } from '../opaque-value.ts';
import { type Prepared, prepare } from '../prepared.ts';
import type { EventsTable, Tables } from '../tables.ts';
import { write } from '../transactions.ts';
import { toEvent } from './job-rows.ts';
import { SettledEvents } from './settled-events.ts';

/** Rows that one call drops, so that others wait some milliseconds at most. */
const pruneBatch = 5_000;

type AfterParameters = { position: number; upTo: number; owner: string; jobId: string; limit: number };
type AfterQuery = Prepared<AfterParameters, Selectable<EventsTable>>;

export class SqlEventLog implements EventLog {
  readonly #db: Kysely<Tables>;
  readonly #settled: SettledEvents | undefined;
  /** By the filters that are given. */
  readonly #after: { all: AfterQuery; owner: AfterQuery; job: AfterQuery };
  readonly #newest: Prepared<object, { position: number | null }>;
  readonly #prune: Prepared<{ maxAgeMs: number }, never>;

  constructor(db: Kysely<Tables>, dialect: SqlDialect) {
    this.#db = db;
    this.#settled = dialect.commitsInOrder ? undefined : new SettledEvents(db, dialect);
    const after = (by: 'all' | 'owner' | 'job'): AfterQuery =>
      prepare((p: AfterParameters) =>
        db
          .selectFrom('events')
          .selectAll()
          .where('position', '>', p.position)
          .where('position', '<=', p.upTo)
          .$if(by === 'owner', query => query.where('owner', '=', p.owner))
          .$if(by === 'job', query => query.where('job_id', '=', p.jobId))
          .orderBy('position')
          .limit(opaqueNumber(p.limit))
          .compile(),
      );
    this.#after = { all: after('all'), owner: after('owner'), job: after('job') };
    this.#newest = prepare(() =>
      sql<{ position: number | null }>`select max(position) as position from events`.compile(db),
    );
    // Positions grow with the times, so the oldest rows are found without an index on the time.
    this.#prune = prepare((p: { maxAgeMs: number }) =>
      sql<never>`delete from events where position <= (
        select max(oldest.position)
        from (select position, at from events order by position limit ${sql.lit(pruneBatch)}) as oldest
        where oldest.at < ${dialect.now} - ${p.maxAgeMs}
      )`.compile(db),
    );
  }

  async newest(): Promise<number> {
    if (this.#settled !== undefined) return this.#settled.position(this.#db);
    return (await this.#newest.first(this.#db, {}))?.position ?? 0;
  }

  async after(position: number, filter: EventFilter, limit: number): Promise<JobEvent[]> {
    const { owner, jobId } = filter;
    const query = this.#after[jobId !== undefined ? 'job' : owner !== undefined ? 'owner' : 'all'];
    // Asked first: whatever is settled by then is visible to the query after it.
    const upTo = (await this.#settled?.position(this.#db)) ?? Number.MAX_SAFE_INTEGER;
    const rows = await query.all(this.#db, {
      position,
      upTo,
      owner: owner ?? '',
      jobId: jobId ?? '',
      limit,
    });
    // All events of a job have one owner, so this drops all of them or none.
    return rows.filter(row => owner === undefined || row.owner === owner).map(toEvent);
  }

  async prune(maxAgeMs: number): Promise<number> {
    return write(this.#db, trx => this.#prune.write(trx, { maxAgeMs }));
  }
}
