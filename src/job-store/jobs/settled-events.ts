import { type Kysely, sql } from 'kysely';
import type { SqlDialect } from '../dialect.ts';
import { type Prepared, prepare } from '../prepared.ts';
import type { Tables } from '../tables.ts';

/**
 * How long a position may be missing before it is taken for one that was rolled back, in milliseconds: far longer than
 * any of our transactions runs after it has taken a position.
 */
const missingMs = 5_000;
const pageSize = 1_000;

interface Place {
  position: number;
  /** 1 if it was written `missingMs` ago or earlier. */
  old: 0 | 1;
}

/**
 * How far the event log can be read without missing anything, where transactions become visible in another order than
 * that in which they took their positions: up to the first gap that is young, because its event may still appear.
 */
export class SettledEvents {
  readonly #begin: Prepared<object, { position: number | null }>;
  readonly #next: Prepared<{ position: number }, Place>;
  /** It only grows. Undefined until it was asked for. */
  #position: number | undefined;

  constructor(db: Kysely<Tables>, { now }: SqlDialect) {
    const old = sql`at <= ${now} - ${sql.lit(missingMs)}`;
    this.#begin = prepare(() =>
      sql<{ position: number | null }>`select max(position) as position from events where ${old}`.compile(db),
    );
    this.#next = prepare((p: { position: number }) =>
      sql<Place>`select position, case when ${old} then 1 else 0 end as old from events
        where position > ${p.position} order by position limit ${sql.lit(pageSize)}`.compile(db),
    );
  }

  /** The last position that may be told. */
  async position(db: Kysely<Tables>): Promise<number> {
    let settled = this.#position ?? (await this.#begin.first(db, {}))?.position ?? 0;
    for (;;) {
      const places = await this.#next.all(db, { position: settled });
      const gap = places.findIndex(
        ({ position, old }, index) => old === 0 && position !== (places[index - 1]?.position ?? settled) + 1,
      );
      const told = gap < 0 ? places : places.slice(0, gap);
      settled = told.at(-1)?.position ?? settled;
      if (told.length < pageSize) break;
    }
    this.#position = settled;
    return settled;
  }
}
