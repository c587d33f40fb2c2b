import type { Kysely } from 'kysely';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { KeptBytes } from '../../jobs/partial-files.ts';
import {
  type ArrivingUpload,
  type LockResult,
  mostOpenUploads,
  type PartialUploadStore,
  type WholeUpload,
} from '../../jobs/partial-upload-store.ts';
import type { SqlDialect } from '../dialect.ts';
import type { Tables } from '../tables.ts';
import { read, write } from '../transactions.ts';
import { PartialUploadQueries } from './partial-upload-queries.ts';

const retryAfterSeconds = 60;

export class SqlPartialUploadStore implements PartialUploadStore {
  readonly #db: Kysely<Tables>;
  readonly #queries: PartialUploadQueries;

  constructor(db: Kysely<Tables>, dialect: SqlDialect) {
    this.#db = db;
    this.#queries = new PartialUploadQueries(db, dialect);
  }

  async create(upload: Parameters<PartialUploadStore['create']>[0]): Promise<void> {
    await write(this.#db, async trx => {
      const open = await this.#queries.open.first(trx, { owner: upload.owner, most: mostOpenUploads });
      if ((open?.uploads ?? 0) >= mostOpenUploads) throw tooMany();
      await this.#queries.insert.write(trx, upload);
    });
  }

  find(id: string, owner?: string): Promise<ArrivingUpload | WholeUpload | undefined> {
    return read(this.#db, async trx => {
      const whose = { id, owner: owner ?? null };
      const row = await this.#queries.arriving.first(trx, whose);
      if (row === undefined) {
        const whole = await this.#queries.whole.first(trx, whose);
        return whole && { state: 'whole', id, filename: whole.filename };
      }
      const { filename, bytes, received, touched_at: touchedAt } = row;
      const pieces = JSON.parse(row.pieces) as string[];
      return { state: 'arriving', id, filename, bytes, received, pieces, touchedAt };
    });
  }

  lock(id: string, token: string, leaseMs: number): Promise<LockResult> {
    return write(this.#db, async trx => {
      if ((await this.#queries.lock.write(trx, { id, token, leaseMs })) === 1) return 'locked';
      return (await this.#queries.want.write(trx, { id })) === 1 ? 'taken' : 'none';
    });
  }

  async renew(tokens: readonly string[], leaseMs: number): Promise<{ token: string; wanted: boolean }[]> {
    const held = { tokens: JSON.stringify(tokens), leaseMs };
    const rows = await write(this.#db, trx => this.#queries.renew.all(trx, held));
    return rows.map(row => ({ token: row.lock_token, wanted: row.wanted === 1 }));
  }

  async unlock(token: string): Promise<void> {
    await write(this.#db, trx => this.#queries.unlock.write(trx, { token }));
  }

  async advance(id: string, token: string, { received, pieces }: KeptBytes): Promise<boolean> {
    const kept = { id, token, received, pieces: JSON.stringify(pieces) };
    const written = await write(this.#db, trx => this.#queries.advance.write(trx, kept));
    return written === 1;
  }

  finish(id: string, token: string): Promise<boolean> {
    return write(this.#db, async trx => {
      if ((await this.#queries.insertWhole.write(trx, { id, token })) === 0) return false;
      await this.#queries.remove.write(trx, { id });
      return true;
    });
  }

  abandon(id: string): Promise<boolean> {
    return write(this.#db, async trx => {
      if ((await this.#queries.abandonArriving.write(trx, { id })) === 1) return true;
      return (await this.#queries.abandonWhole.write(trx, { id })) === 1;
    });
  }

  async abandoned(minAgeMs: number, limit: number): Promise<string[]> {
    const rows = await write(this.#db, trx => this.#queries.abandonOld.all(trx, { minAgeMs, limit }));
    return rows.map(row => row.id);
  }

  async forget(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await write(this.#db, trx => this.#queries.forget.write(trx, { ids: JSON.stringify(ids) }));
  }
}

function tooMany(): TintypeError {
  const message = `${mostOpenUploads} of your uploads are not complete: finish or delete one.`;
  return new TintypeError('too-many-uploads', message, { retryAfter: retryAfterSeconds });
}
