import { type Kysely, sql } from 'kysely';
import type { UploadStore } from '../../jobs/upload-store.ts';
import type { SqlDialect } from '../dialect.ts';
import { noBackup } from '../no-backup.ts';
import { opaqueNumber } from '../opaque-value.ts';
import { type Prepared, prepare } from '../prepared.ts';
import type { Tables } from '../tables.ts';
import { write } from '../transactions.ts';

export class SqlUploadStore implements UploadStore {
  readonly #db: Kysely<Tables>;
  readonly #create: Prepared<{ id: string; owner: string; filename: string }, never>;
  readonly #abandon: Prepared<{ minAgeMs: number; limit: number }, never>;
  readonly #abandoned: Prepared<{ limit: number }, { id: string }>;
  readonly #forget: Prepared<{ ids: string }, never>;

  constructor(db: Kysely<Tables>, dialect: SqlDialect) {
    this.#db = db;
    this.#create = prepare((p: { id: string; owner: string; filename: string }) =>
      sql<never>`insert into uploads (id, owner, filename, created_at, jobs)
        values (${p.id}, ${p.owner}, ${p.filename}, ${dialect.now}, 0)`.compile(db),
    );
    // The mark keeps a job from naming an upload whose object is about to be deleted.
    this.#abandon = prepare((p: { minAgeMs: number; limit: number }) =>
      sql<never>`update uploads set abandoned_at = ${dialect.now} where id in (
        select id from uploads
        where jobs = 0 and abandoned_at is null and created_at < ${dialect.now} - ${p.minAgeMs}
        order by created_at limit ${opaqueNumber(p.limit)}
      )`.compile(db),
    );
    this.#abandoned = prepare((p: { limit: number }) =>
      sql<{ id: string }>`select id from uploads where abandoned_at is not null and ${noBackup(dialect)}
        order by abandoned_at limit ${opaqueNumber(p.limit)}`.compile(db),
    );
    this.#forget = prepare((p: { ids: string }) =>
      sql<never>`delete from uploads
        where (jobs = 0 or abandoned_at is not null) and id ${dialect.oneOf(p.ids)}`.compile(db),
    );
  }

  async create(upload: { id: string; owner: string; filename: string }): Promise<void> {
    await write(this.#db, trx => this.#create.write(trx, upload));
  }

  async abandoned(minAgeMs: number, limit: number): Promise<string[]> {
    const rows = await write(this.#db, async trx => {
      await this.#abandon.write(trx, { minAgeMs, limit });
      return this.#abandoned.all(trx, { limit });
    });
    return rows.map(row => row.id);
  }

  async forget(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await write(this.#db, trx => this.#forget.write(trx, { ids: JSON.stringify(ids) }));
  }
}
