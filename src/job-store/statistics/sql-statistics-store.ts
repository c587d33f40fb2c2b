import type { Kysely } from 'kysely';
import {
  type Interval,
  longestStatisticsPage,
  type StatisticsFilter,
  type StatisticsPage,
  type StatisticsRow,
  type StatisticsStore,
} from '../../jobs/statistics-store.ts';
import type { SqlDialect } from '../dialect.ts';
import type { Tables } from '../tables.ts';
import { read, write } from '../transactions.ts';
import { decodeStatisticsCursor, encodeStatisticsCursor } from './statistics-cursor.ts';
import { type StatisticsGroup, StatisticsQueries } from './statistics-queries.ts';

export class SqlStatisticsStore implements StatisticsStore {
  readonly #db: Kysely<Tables>;
  readonly #queries: StatisticsQueries;

  constructor(db: Kysely<Tables>, dialect: SqlDialect) {
    this.#db = db;
    this.#queries = new StatisticsQueries(db, dialect);
  }

  list(
    { owner, class: label }: StatisticsFilter,
    intervals: readonly Interval[],
    page: { cursor?: string; limit: number },
  ): Promise<StatisticsPage> {
    const limit = Math.min(page.limit, longestStatisticsPage);
    const after =
      page.cursor === undefined
        ? { start: Number.MIN_SAFE_INTEGER, owner: '', status: '' }
        : decodeStatisticsCursor(page.cursor);
    const rest = intervals.filter(({ start }) => start >= after.start);
    const query = this.#queries.list[owner === undefined ? 'all' : 'owner'];
    return read(this.#db, async trx => {
      const rows = await query.all(trx, {
        intervals: JSON.stringify(rest),
        owner: owner ?? '',
        class: label ?? null,
        afterStart: after.start,
        afterOwner: after.owner,
        afterStatus: after.status,
        limit: limit + 1,
      });
      const groups = rows.slice(0, limit).map(toRow);
      const last = rows.length > limit ? groups.at(-1) : undefined;
      return { rows: groups, ...(last !== undefined && { nextCursor: encodeStatisticsCursor(last) }) };
    });
  }

  addUp(): Promise<number> {
    return write(this.#db, async trx => {
      const ends = await this.#queries.takeEnds.all(trx, {});
      if (ends.length > 0) await this.#queries.addUp.write(trx, { ends: JSON.stringify(ends) });
      return ends.length;
    });
  }

  prune(maxAgeMs: number): Promise<number> {
    return write(this.#db, trx => this.#queries.prune.write(trx, { maxAgeMs }));
  }
}

function toRow(group: StatisticsGroup): StatisticsRow {
  return {
    start: group.start,
    owner: group.owner,
    status: group.status,
    jobs: group.jobs,
    waitedMs: group.waited_ms,
    ranMs: group.ran_ms,
    bytesRead: group.bytes_read,
    bytesStored: group.bytes_stored,
    pixelsRead: group.pixels_read,
    pixelsStored: group.pixels_stored,
  };
}
