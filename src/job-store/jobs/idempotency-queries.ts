import { type Kysely, type Selectable, sql } from 'kysely';
import { TintypeError } from '../../errors/tintype-error.ts';
import { type Idempotency, idempotencyMs } from '../../jobs/idempotency-store.ts';
import type { SqlDialect } from '../dialect.ts';
import { type Prepared, prepare } from '../prepared.ts';
import type { IdempotencyKeysTable, Tables } from '../tables.ts';

type FoundKey = Pick<Selectable<IdempotencyKeysTable>, 'job_id' | 'fingerprint'> & { current: 0 | 1 };
type NewKey = Idempotency & { owner: string; jobId: string };

/** Rows that one call drops, so that others wait some milliseconds at most. */
const pruneBatch = 5_000;

/** What submissions and the idempotency store ask of the keys. */
export class IdempotencyQueries {
  readonly #take: Prepared<NewKey, never>;
  readonly #find: Prepared<{ owner: string; key: string }, FoundKey>;
  readonly prune: Prepared<object, never>;

  constructor(db: Kysely<Tables>, { now }: SqlDialect) {
    const dayAgo = sql`${now} - ${sql.lit(idempotencyMs)}`;
    this.#take = prepare((p: NewKey) =>
      sql<never>`insert into idempotency_keys (owner, key, fingerprint, job_id, created_at)
        values (${p.owner}, ${p.key}, ${p.fingerprint}, ${p.jobId}, ${now})
        on conflict (owner, key) do update
          set fingerprint = excluded.fingerprint, job_id = excluded.job_id, created_at = excluded.created_at
          where idempotency_keys.created_at <= ${dayAgo}`.compile(db),
    );
    this.#find = prepare((p: { owner: string; key: string }) =>
      sql<FoundKey>`select job_id, fingerprint, case when created_at > ${dayAgo} then 1 else 0 end as current
        from idempotency_keys where owner = ${p.owner} and key = ${p.key}`.compile(db),
    );
    this.prune = prepare(() =>
      sql<never>`delete from idempotency_keys where (owner, key) in (
        select owner, key from idempotency_keys where created_at <= ${dayAgo}
        order by created_at limit ${sql.lit(pruneBatch)}
      )`.compile(db),
    );
  }

  /**
   * Takes the key for this job, unless another job has it: resolves to the id of the one that has it now. Where two
   * come at once, the database lets the second wait for the first. Throws `idempotency-key-reused`.
   */
  async take(trx: Kysely<Tables>, owner: string, jobId: string, idempotency: Idempotency): Promise<string> {
    if ((await this.#take.write(trx, { owner, jobId, ...idempotency })) === 1) return jobId;
    const found = await this.#find.first(trx, { owner, key: idempotency.key });
    return found === undefined ? jobId : sameRequest(found, idempotency);
  }

  /** The id of the job that this request made within the last day. Throws `idempotency-key-reused`. */
  async holder(trx: Kysely<Tables>, owner: string, idempotency: Idempotency): Promise<string | undefined> {
    const found = await this.#find.first(trx, { owner, key: idempotency.key });
    return found?.current === 1 ? sameRequest(found, idempotency) : undefined;
  }
}

function sameRequest(found: FoundKey, { fingerprint }: Idempotency): string {
  if (found.fingerprint === fingerprint) return found.job_id;
  throw new TintypeError(
    'idempotency-key-reused',
    'Another request came under this Idempotency-Key. A new request needs a new key.',
    { pointer: '/headers/idempotency-key' },
  );
}
