import { type Kysely, type Selectable, sql } from 'kysely';
import type { JobFilter } from '../../jobs/job-store.ts';
import { opaqueNumber, opaqueText } from '../opaque-value.ts';
import { type Prepared, prepare } from '../prepared.ts';
import type { JobsTable, Tables } from '../tables.ts';
import type { JobCursor } from './job-cursor.ts';

interface PageParameters {
  owner: string | undefined;
  status: string | undefined;
  class: string | undefined;
  from: number | undefined;
  beforeTime: number | undefined;
  beforeId: string | undefined;
  limit: number;
}
type PageQuery = Prepared<PageParameters, Selectable<JobsTable>>;

/** Pages of jobs, newest first. A job that is added meanwhile comes before the first page, so later ones stay. */
export class JobList {
  readonly #db: Kysely<Tables>;
  /** By the conditions that are given: each shape is a query of its own, so that each finds its index. */
  readonly #queries = new Map<string, PageQuery>();

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** @param after the last job of the page before. */
  page(
    trx: Kysely<Tables>,
    filter: JobFilter,
    after: JobCursor | undefined,
    limit: number,
  ): Promise<Selectable<JobsTable>[]> {
    const upper = upperBound(filter.to, after);
    const parameters: PageParameters = {
      owner: filter.owner,
      status: filter.status,
      class: filter.class,
      from: filter.from,
      beforeTime: upper?.submittedAt,
      beforeId: upper?.id,
      limit,
    };
    return this.#query(parameters).all(trx, parameters);
  }

  #query(parameters: PageParameters): PageQuery {
    const given = (name: keyof PageParameters) => parameters[name] !== undefined;
    const shape = Object.values(parameters)
      .map(value => (value === undefined ? '-' : '+'))
      .join('');
    const query = this.#queries.get(shape) ?? pageQuery(this.#db, given);
    this.#queries.set(shape, query);
    return query;
  }
}

function pageQuery(db: Kysely<Tables>, given: (name: keyof PageParameters) => boolean): PageQuery {
  return prepare((p: PageParameters) =>
    sql<Selectable<JobsTable>>`select * from jobs
      where 1 = 1
        ${sql.join(
          [
            given('owner') ? sql`and owner = ${p.owner}` : sql``,
            given('status') ? sql`and status = ${opaqueText(p.status)}` : sql``,
            given('class') ? sql`and class = ${p.class}` : sql``,
            given('from') ? sql`and submitted_at >= ${p.from}` : sql``,
            given('beforeTime') ? sql`and (submitted_at, id) < (${p.beforeTime}, ${p.beforeId})` : sql``,
          ],
          sql` `,
        )}
      order by submitted_at desc, id desc limit ${opaqueNumber(p.limit)}`.compile(db),
  );
}

/** The lower of the two: a page ends where both do, and one bound is a range that an index serves. */
function upperBound(to: number | undefined, after: JobCursor | undefined): JobCursor | undefined {
  if (to === undefined || (after !== undefined && after.submittedAt < to)) return after;
  return { submittedAt: to, id: '' };
}
