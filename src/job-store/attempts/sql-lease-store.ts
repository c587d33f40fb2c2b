import { type Kysely, sql } from 'kysely';
import type { Duty, LeaseStore } from '../../jobs/lease-store.ts';
import type { SqlDialect } from '../dialect.ts';
import { type Prepared, prepare } from '../prepared.ts';
import type { Tables } from '../tables.ts';
import { write } from '../transactions.ts';

export class SqlLeaseStore implements LeaseStore {
  readonly #db: Kysely<Tables>;
  readonly #take: Prepared<Duty, { name: string }>;
  readonly #release: Prepared<Pick<Duty, 'name' | 'holder'> & { done: number }, never>;

  constructor(db: Kysely<Tables>, { now }: SqlDialect) {
    this.#db = db;
    this.#take = prepare((p: Duty) =>
      sql<{ name: string }>`insert into leases (name, holder, ends_at)
        values (${p.name}, ${p.holder}, ${now} + ${p.leaseMs})
        on conflict (name) do update set holder = excluded.holder, ends_at = excluded.ends_at
        where leases.holder = excluded.holder or (
          (leases.holder is null or leases.ends_at <= ${now})
          and (leases.done_at is null or leases.done_at <= ${now} - ${p.everyMs})
        )
        returning name`.compile(db),
    );
    this.#release = prepare((p: Pick<Duty, 'name' | 'holder'> & { done: number }) =>
      sql<never>`update leases set holder = null, ends_at = ${now},
          done_at = case when ${p.done} = 1 then ${now} else done_at end
        where name = ${p.name} and holder = ${p.holder}`.compile(db),
    );
  }

  async take(duty: Duty): Promise<boolean> {
    return (await write(this.#db, trx => this.#take.all(trx, duty))).length === 1;
  }

  async release({ name, holder }: Pick<Duty, 'name' | 'holder'>, isDone: boolean): Promise<void> {
    await write(this.#db, trx => this.#release.write(trx, { name, holder, done: isDone ? 1 : 0 }));
  }
}
