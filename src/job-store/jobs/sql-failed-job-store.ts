import { type Kysely, type Selectable, sql } from 'kysely';
import type { FailedJobFilter, FailedJobPage, FailedJobStore } from '../../jobs/failed-job-store.ts';
import type { Failure, Source } from '../../jobs/job.ts';
import type { SqlDialect } from '../dialect.ts';
import { GroupEnds } from '../groups/group-ends.ts';
import { type Prepared, prepare } from '../prepared.ts';
import type { Announce } from '../sql-stores.ts';
import type { JobsTable, Tables } from '../tables.ts';
import { write } from '../transactions.ts';
import { EventRecorder } from './event-recorder.ts';
import { decodeJobCursor, encodeJobCursor } from './job-cursor.ts';
import { nextRun, resetOutputs, uploadIsThere } from './job-queries.ts';

/** Failed jobs that one call looks at. */
const pageSize = 100;

interface PageParameters {
  owner: string;
  afterTime: number;
  afterId: string;
  to: number;
}
type RetriedRow = Pick<Selectable<JobsTable>, 'id' | 'group_id' | 'order_key'>;
type FailedRow = Pick<Selectable<JobsTable>, 'id' | 'submitted_at' | 'source' | 'class' | 'failure'>;

export class SqlFailedJobStore implements FailedJobStore {
  readonly #db: Kysely<Tables>;
  readonly #announce: Announce;
  readonly #events: EventRecorder;
  readonly #groups: GroupEnds;
  readonly #pageOfOwner: Prepared<PageParameters, FailedRow>;
  readonly #pageOfAll: Prepared<PageParameters, FailedRow>;
  readonly #retry: Prepared<{ ids: string }, RetriedRow>;
  readonly #resetOutputs: Prepared<{ ids: string }, never>;

  constructor(db: Kysely<Tables>, dialect: SqlDialect, announce: Announce) {
    this.#db = db;
    this.#announce = announce;
    this.#events = new EventRecorder(db, dialect);
    this.#groups = new GroupEnds(db, dialect);
    this.#pageOfOwner = failedPage(db, true);
    this.#pageOfAll = failedPage(db, false);
    this.#retry = prepare((p: { ids: string }) =>
      sql<RetriedRow>`update jobs set ${nextRun(dialect)}
        where id ${dialect.oneOf(p.ids)} and status = 'failed' and ${uploadIsThere} returning id, group_id, order_key`.compile(
        db,
      ),
    );
    this.#resetOutputs = resetOutputs(db, dialect);
  }

  /** Class and code are looked at here: an index for each of them would cost every job that ends. */
  async page(filter: FailedJobFilter, cursor?: string): Promise<FailedJobPage> {
    const { owner, codes, class: label, from = 0, to = Number.MAX_SAFE_INTEGER } = filter;
    const after = cursor === undefined ? { submittedAt: from, id: '' } : decodeJobCursor(cursor);
    const query = owner === undefined ? this.#pageOfAll : this.#pageOfOwner;
    const rows = await query.all(this.#db, {
      owner: owner ?? '',
      afterTime: after.submittedAt,
      afterId: after.id,
      to,
    });
    const jobs = rows
      .filter(row => label === undefined || row.class === label)
      .filter(row => codes === undefined || codes.includes(codeOf(row)))
      .map(row => ({ id: row.id, source: JSON.parse(row.source) as Source }));
    const last = rows.length === pageSize ? rows.at(-1) : undefined;
    const next = last && encodeJobCursor({ submittedAt: last.submitted_at, id: last.id });
    return { jobs, ...(next !== undefined && { nextCursor: next }) };
  }

  async retry(ids: readonly string[]): Promise<number> {
    const events = await write(this.#db, async trx => {
      const rows = await this.#retry.all(trx, { ids: JSON.stringify(ids) });
      const retried = rows.map(({ id }) => id);
      await this.#resetOutputs.write(trx, { ids: JSON.stringify(retried) });
      await this.#groups.jobsRetried(trx, rows);
      return this.#events.record(trx, retried);
    });
    if (events.length > 0) {
      this.#announce({ kind: 'work' });
      this.#announce({ kind: 'event', events });
    }
    return events.length;
  }
}

function failedPage(db: Kysely<Tables>, ofOwner: boolean): Prepared<PageParameters, FailedRow> {
  return prepare((p: PageParameters) =>
    sql<FailedRow>`select id, submitted_at, source, class, failure from jobs
      where ${ofOwner ? sql`owner = ${p.owner} and` : sql``} status = 'failed'
        and (submitted_at, id) > (${p.afterTime}, ${p.afterId}) and submitted_at < ${p.to}
      order by submitted_at, id limit ${sql.lit(pageSize)}`.compile(db),
  );
}

function codeOf({ failure }: FailedRow): Failure['code'] {
  return failure === null ? 'internal' : (JSON.parse(failure) as Failure).code;
}
