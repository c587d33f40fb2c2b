import type { Kysely } from 'kysely';
import type { Idempotency, IdempotencyStore } from '../../jobs/idempotency-store.ts';
import type { SqlDialect } from '../dialect.ts';
import type { Tables } from '../tables.ts';
import { write } from '../transactions.ts';
import { IdempotencyQueries } from './idempotency-queries.ts';

export class SqlIdempotencyStore implements IdempotencyStore {
  readonly #db: Kysely<Tables>;
  readonly #queries: IdempotencyQueries;

  constructor(db: Kysely<Tables>, dialect: SqlDialect) {
    this.#db = db;
    this.#queries = new IdempotencyQueries(db, dialect);
  }

  jobOf(owner: string, idempotency: Idempotency): Promise<string | undefined> {
    return this.#queries.holder(this.#db, owner, idempotency);
  }

  prune(): Promise<number> {
    return write(this.#db, trx => this.#queries.prune.write(trx, {}));
  }
}
