import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { SqlDialect } from '../dialect.ts';
import { opaqueNumber } from '../opaque-value.ts';
import { type Prepared, prepare } from '../prepared.ts';
import type { Tables } from '../tables.ts';

/** One party's turn: in the first lap if it comes after the one that was served last. */
export interface Turn {
  readonly lap: number;
  readonly turn: number;
  readonly party: string;
  /** JSON: the ids of its first rows, in their order. */
  readonly ids: string;
}

interface TurnParameters {
  last: string;
  /** Parties, and slots to be dealt to them. */
  limit: number;
  /** Rows of each of them, at most. */
  each: number;
  /** Only for turns within one owner's rows. */
  owner?: string;
}

interface TurnsOf {
  readonly table: 'jobs' | 'deliveries';
  /** The column that names the parties. */
  readonly party: 'owner' | 'target_key';
  /** Columns in which a party's rows are served. */
  readonly order: string;
  readonly withinOwner?: boolean;
}

/**
 * Parties with ready rows, at most `limit` of them from the one after `last` round to it; and of each the first rows, as
 * many as it could get of `limit` slots when each other party gets one: what is read here is also locked. Each recursion
 * hops through the index of ready rows from party to party, so that this reads a few entries per party, however many
 * rows wait.
 */
export function nextTurns(
  db: Kysely<Tables>,
  dialect: SqlDialect,
  { table, party, order, withinOwner = false }: TurnsOf,
): Prepared<TurnParameters, Turn> {
  const [from, key] = [sql.table(table), sql.ref(party)];
  return prepare((p: TurnParameters) => {
    const [limit, each] = [opaqueNumber(p.limit), opaqueNumber(p.each)];
    const ready = withinOwner ? sql`ready = 1 and owner = ${p.owner}` : sql`ready = 1`;
    const first = (condition: RawBuilder<unknown>) =>
      sql`(select ${key} from ${from} where ${ready} and ${condition} order by ${key} limit 1)`;
    return sql<Turn>`with recursive
      ahead (name, turn) as (
        select ${first(sql`${key} > ${p.last}`)}, 1
        union all
        select ${first(sql`${key} > ahead.name`)}, turn + 1 from ahead
        where name is not null and turn < ${limit}
      ),
      behind (name, turn) as (
        select ${first(sql`${key} <= ${p.last}`)}, 1
        union all
        select ${first(sql`${key} > behind.name and ${key} <= ${p.last}`)}, turn + 1
        from behind where name is not null and turn < ${limit}
      ),
      turns (lap, turn, party) as (
        select * from (
          select 1 as lap, turn, name from ahead where name is not null
          union all
          select 2, turn, name from behind where name is not null
        ) as laps order by lap, turn limit ${limit}
      ),
      needed (most) as (select ${limit} - count(*) + 1 from turns)
      select lap, turn, party, (
        select ${dialect.list(sql`id`)} from (
          select id from ${from} where ${ready} and ${key} = turns.party
          order by ${sql.raw(order)}
          limit (select case when ${each} < most then ${each} else most end from needed)
          ${dialect.skipLocked}
        ) as mine
      ) as ids
      from turns`.compile(db);
  });
}

export function inTurnOrder(turns: readonly Turn[]): Turn[] {
  return turns.toSorted((a, b) => a.lap - b.lap || a.turn - b.turn);
}

/** Gives the slots to the first row of each party, in the order of their turns, then to the second of each, and so on. */
export function dealSlots(turns: readonly Turn[], slots: number): { id: string; party: string }[] {
  const queues = inTurnOrder(turns)
    .slice(0, slots)
    .map(({ party, ids }) => (JSON.parse(ids) as string[]).map(id => ({ id, party })));
  const rounds = Array.from({ length: slots }, (_, round) => queues.map(queue => queue[round]));
  return rounds
    .flat()
    .filter(slot => slot !== undefined)
    .slice(0, slots);
}
