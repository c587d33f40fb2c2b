import { type Kysely, type Selectable, sql } from 'kysely';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { ApiKey, KeyStore, NewApiKey } from '../../jobs/key-store.ts';
import type { SqlDialect } from '../dialect.ts';
import { type Prepared, prepare } from '../prepared.ts';
import { returned } from '../returned.ts';
import type { ApiKeysTable, Tables } from '../tables.ts';
import { write } from '../transactions.ts';

/** The time of the last use is worth a write, and its fsync, once in so long. */
const usedEveryMs = 60_000;

type KeyRow = Selectable<ApiKeysTable>;

export class SqlKeyStore implements KeyStore {
  readonly #db: Kysely<Tables>;
  readonly #create: Prepared<Omit<NewApiKey, 'isAdmin'> & { admin: number }, KeyRow>;
  readonly #find: Prepared<{ id: string }, KeyRow>;
  readonly #list: Prepared<object, KeyRow>;
  readonly #revoke: Prepared<{ id: string }, KeyRow>;
  readonly #used: Prepared<{ id: string }, never>;

  constructor(db: Kysely<Tables>, { now }: SqlDialect) {
    this.#db = db;
    this.#create = prepare((p: Omit<NewApiKey, 'isAdmin'> & { admin: number }) =>
      sql<KeyRow>`insert into api_keys (id, owner, admin, secret_hash, created_at)
        values (${p.id}, ${p.owner}, ${p.admin}, ${p.secretHash}, ${now}) returning *`.compile(db),
    );
    this.#find = prepare((p: { id: string }) =>
      db.selectFrom('api_keys').selectAll().where('id', '=', p.id).compile(),
    );
    this.#list = prepare(() =>
      db.selectFrom('api_keys').selectAll().orderBy('created_at').orderBy('id').compile(),
    );
    this.#revoke = prepare((p: { id: string }) =>
      sql<KeyRow>`update api_keys set revoked_at = coalesce(revoked_at, ${now})
        where id = ${p.id} returning *`.compile(db),
    );
    this.#used = prepare((p: { id: string }) =>
      sql<never>`update api_keys set last_used_at = ${now}
        where id = ${p.id} and coalesce(last_used_at, 0) <= ${now} - ${sql.lit(usedEveryMs)}`.compile(db),
    );
  }

  async create({ isAdmin, ...key }: NewApiKey): Promise<ApiKey> {
    const row = await write(this.#db, trx => this.#create.first(trx, { ...key, admin: isAdmin ? 1 : 0 }));
    return toKey(returned(row));
  }

  async find(id: string): Promise<(ApiKey & { secretHash: string }) | undefined> {
    const row = await this.#find.first(this.#db, { id });
    return row && { ...toKey(row), secretHash: row.secret_hash };
  }

  async list(): Promise<ApiKey[]> {
    return (await this.#list.all(this.#db, {})).map(toKey);
  }

  async revoke(id: string): Promise<ApiKey> {
    const row = await write(this.#db, trx => this.#revoke.first(trx, { id }));
    if (row === undefined) throw new TintypeError('not-found', `There is no key ${id}.`);
    return toKey(row);
  }

  async used(id: string): Promise<void> {
    await write(this.#db, trx => this.#used.write(trx, { id }));
  }
}

function toKey({ id, owner, admin, created_at, last_used_at, revoked_at }: KeyRow): ApiKey {
  return {
    id,
    owner,
    isAdmin: admin === 1,
    createdAt: created_at,
    ...(last_used_at !== null && { lastUsedAt: last_used_at }),
    ...(revoked_at !== null && { revokedAt: revoked_at }),
  };
}
