import type { Kysely } from 'kysely';
import type { SqlDialect } from '../dialect.ts';
import { type Prepared, prepare } from '../prepared.ts';
import type { Tables } from '../tables.ts';

/** Locks on order keys: who has one alone decides what comes next under the key. */
export class OrderLocks {
  readonly #lock: Prepared<{ keys: string }, unknown> | undefined;

  constructor(db: Kysely<Tables>, { lockOrder }: SqlDialect) {
    this.#lock = lockOrder && prepare((p: { keys: string }) => lockOrder(p.keys).compile(db));
  }

  /** Until the transaction ends; those without a key need none. Resolves to the keys. */
  async take(trx: Kysely<Tables>, ordered: readonly { order_key: string | null }[]): Promise<string[]> {
    const keys = [...new Set(ordered.map(row => row.order_key).filter(key => key !== null))];
    if (keys.length > 0) await this.#lock?.all(trx, { keys: JSON.stringify(keys) });
    return keys;
  }
}
