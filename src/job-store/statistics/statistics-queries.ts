import { type Kysely, type RawBuilder, type Selectable, sql } from 'kysely';
import type { SqlDialect } from '../dialect.ts';
import { opaqueNumber } from '../opaque-value.ts';
import { type Prepared, prepare } from '../prepared.ts';
import type { StatisticsTable, Tables, UsageTable } from '../tables.ts';

const hourMs = 3_600_000;
/** Rows that one call adds up or drops, so that others wait some milliseconds at most. */
const batch = 2_000;

const totals = ['waited_ms', 'ran_ms', 'bytes_read', 'bytes_stored', 'pixels_read', 'pixels_stored'] as const;

export type StatisticsGroup = Omit<Selectable<StatisticsTable>, 'hour' | 'class'> & { start: number };

interface ListParameters {
  intervals: string;
  owner: string;
  class: string | null;
  afterStart: number;
  afterOwner: string;
  afterStatus: string;
  limit: number;
}

/** The statements of the statistics, each compiled once. */
export class StatisticsQueries {
  readonly list: Record<'owner' | 'all', Prepared<ListParameters, StatisticsGroup>>;
  /** Takes a batch of ends away; on Postgres others may add rows meanwhile, so what it returns is what is added up. */
  readonly takeEnds: Prepared<object, Selectable<UsageTable>>;
  readonly addUp: Prepared<{ ends: string }, never>;
  readonly prune: Prepared<{ maxAgeMs: number }, never>;

  constructor(db: Kysely<Tables>, dialect: SqlDialect) {
    this.list = { owner: list(db, dialect, true), all: list(db, dialect, false) };
    this.takeEnds = prepare(() =>
      sql<Selectable<UsageTable>>`delete from usage where position in (
        select position from usage order by position limit ${sql.lit(batch)}
      ) returning *`.compile(db),
    );
    this.addUp = addUp(db, dialect);
    this.prune = prepare((p: { maxAgeMs: number }) =>
      sql<never>`delete from statistics where (owner, hour, status, class) in (
        select owner, hour, status, class from statistics where hour < ${dialect.now} - ${p.maxAgeMs}
        order by hour limit ${sql.lit(batch)}
      )`.compile(db),
    );
  }
}

/**
 * Each interval is a range in the index of hours, and SQLite takes the tables of a cross join in their order; what is not
 * added up yet is grouped by the hour first.
 */
function list(
  db: Kysely<Tables>,
  { each }: SqlDialect,
  ofOwner: boolean,
): Prepared<ListParameters, StatisticsGroup> {
  const sums = sql.join(totals.map(name => sql`sum(${sql.ref(name)}) as ${sql.ref(name)}`));
  return prepare((p: ListParameters) => {
    const fits = sql`${ofOwner ? sql`owner = ${p.owner}` : sql`1 = 1`} and class = coalesce(${p.class}, class)`;
    return sql<StatisticsGroup>`with
      spans (start, finish) as (
        select cast(value ->> 'start' as bigint), cast(value ->> 'end' as bigint) from ${each(p.intervals)} as item
      ),
      recent as (
        select ${hourOf(sql`ended_at`)} as hour, owner, status, count(*) as jobs, ${sums}
        from usage where ${fits} group by 1, owner, status
      ),
      parts as (
        select spans.start, owner, status, jobs, ${sql.join(totals.map(name => sql.ref(name)))}
        from spans cross join statistics where hour >= spans.start and hour < spans.finish and ${fits}
        union all
        select spans.start, owner, status, jobs, ${sql.join(totals.map(name => sql.ref(name)))}
        from recent cross join spans where hour >= spans.start and hour < spans.finish
      )
      select start, owner, status, sum(jobs) as jobs, ${sums} from parts
      where (start, owner, status) > (${p.afterStart}, ${p.afterOwner}, ${p.afterStatus})
      group by start, owner, status order by start, owner, status limit ${opaqueNumber(p.limit)}`.compile(db);
  });
}

function addUp(db: Kysely<Tables>, { each }: SqlDialect): Prepared<{ ends: string }, never> {
  const names = sql.join(totals.map(name => sql.ref(name)));
  const sums = sql.join(totals.map(name => sql`sum(cast(value ->> ${sql.lit(name)} as bigint))`));
  const added = sql.join(
    (['jobs', ...totals] as const).map(
      name => sql`${sql.ref(name)} = ${sql.ref(`statistics.${name}`)} + ${sql.ref(`excluded.${name}`)}`,
    ),
  );
  return prepare((p: { ends: string }) =>
    sql<never>`insert into statistics (owner, hour, status, class, jobs, ${names})
      select value ->> 'owner', ${hourOf(sql`cast(value ->> 'ended_at' as bigint)`)}, value ->> 'status',
        value ->> 'class', count(*), ${sums}
      from ${each(p.ends)} as item group by 1, 2, 3, 4
      on conflict (owner, hour, status, class) do update set ${added}`.compile(db),
  );
}

function hourOf(time: RawBuilder<unknown>): RawBuilder<number> {
  return sql<number>`${time} - ${time} % ${sql.lit(hourMs)}`;
}
