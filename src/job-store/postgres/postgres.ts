import { Kysely, PostgresDialect, sql } from 'kysely';
import type { AttemptStore } from '../../jobs/attempt-store.ts';
import type { NewJob, TriedJob } from '../../jobs/job.ts';
import type { JobStore } from '../../jobs/job-store.ts';
import { Links } from '../../jobs/links.ts';
import type { EndedClaim } from '../attempts/end-rows.ts';
import type { OpenJobStore } from '../open-job-store.ts';
import { createStores } from '../sql-stores.ts';
import type { Tables } from '../tables.ts';
import { CallBatches } from './call-batches.ts';
import { PostgresChanges } from './postgres-changes.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { withPostgresFaults } from './postgres-faults.ts';
import { migratePostgres } from './postgres-migration.ts';
import { checkConnectionFiles, connectMs, openPool, type PostgresOptions } from './postgres-pool.ts';

type Stores = ReturnType<typeof createStores>;

/**
 * Opens a job store in Postgres, 14 or newer. Connects when it is first asked, and again after the database was away;
 * meanwhile every call throws `storage-unavailable`. Run `migrate()` before anything else.
 * Throws `invalid-configuration` when a file that an address names can't be read.
 */
export function openPostgres(options: PostgresOptions): OpenJobStore {
  checkConnectionFiles(options.url);
  checkConnectionFiles(options.directUrl);
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: openPool(options) }) });
  const notify = (channel: string, payload: string) =>
    sql`select pg_notify(${channel}, ${payload})`.execute(db);
  const changes = new PostgresChanges(options.directUrl, notify, options.logger);
  const links = new Links(options.publicUrl);
  const stores = inOurWords(createStores(db, postgresDialect, change => changes.announce(change), links));
  return {
    ...stores,
    ...inBatches(stores),
    changes,
    migrate: () => migratePostgres(options.directUrl),
    async close() {
      await changes.close();
      await db.destroy();
    },
  };
}

/**
 * What every job asks of the job store: where many ask at once, they share statements and commits. Calls wait for those
 * before them as long as for a connection.
 */
function inBatches({
  jobs,
  attempts,
}: Pick<Stores, 'jobs' | 'attempts'>): Pick<OpenJobStore, 'jobs' | 'attempts'> {
  const submissions = new CallBatches<NewJob, TriedJob>(
    batch => jobs.submitAll(batch),
    job => job.id,
    connectMs,
  );
  const ends = new CallBatches<EndedClaim, boolean>(
    batch => attempts.endAll(batch),
    ({ claim }) => claim.jobId,
    connectMs,
  );
  return {
    jobs: withMethods<JobStore>(jobs, {
      submit: job => (job.idempotency === undefined ? submissions.call(job) : jobs.submit(job)),
    }),
    attempts: withMethods<AttemptStore>(attempts, { end: (claim, end) => ends.call({ claim, end }) }),
  };
}

/** The same store with some methods in place of its own. */
function withMethods<S extends object>(store: S, methods: Partial<S>): S {
  return new Proxy(store, { get: (own, name) => Reflect.get(name in methods ? methods : own, name) });
}

/** The same stores; each method is one transaction, so it may run again where it met another. */
function inOurWords<S extends Record<string, object>>(stores: S): S {
  return Object.fromEntries(
    Object.entries(stores).map(([name, store]) => [
      name,
      new Proxy(store, {
        get(target, method) {
          const value = Reflect.get(target, method);
          if (typeof value !== 'function') return value;
          return (...parameters: unknown[]) =>
            withPostgresFaults(() => Reflect.apply(value, target, parameters) as Promise<unknown>);
        },
      }),
    ]),
  ) as S;
}
