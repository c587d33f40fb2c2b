import type { PostgresPool } from 'kysely';
import pg from 'pg';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { NamedStatements } from './named-statements.ts';
import { isPlanStale } from './postgres-faults.ts';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`; may be a pooler's. `sslmode` in it means what libpq says. */
  readonly url: string;
  /**
   * The database itself, for `LISTEN` and migrations, where `url` is a pooler that hands a connection to others between
   * transactions.
   */
  readonly directUrl: string;
  /** Connections of this process at most, beside the one that listens. */
  readonly connections: number;
  /** Where the outside reaches the service: makes the links absolute in what is told of jobs. */
  readonly publicUrl?: string | undefined;
  readonly logger: Logger;
}

/** By which the database knows our connections. */
export const applicationName = 'tintype';

/** The longest that a call waits for a connection. */
export const connectMs = 10_000;
/** A statement of ours takes milliseconds: after this long the other end is gone, and nobody has told us. */
const answerMs = 30_000;
/** bigint, and numeric, which the sum of bigints is. */
const countTypes = [20, 1700];

/** A connection's options, the same for all. Counts and times fit a double, so they come as numbers, not as text. */
export function connectionOptions(url: string): pg.ClientConfig {
  return {
    connectionString: `${url}${url.includes('?') ? '&' : '?'}uselibpqcompat=true`,
    application_name: applicationName,
    connectionTimeoutMillis: connectMs,
    query_timeout: answerMs,
    keepAlive: true,
    types: {
      getTypeParser: ((oid: number, format: 'text') =>
        countTypes.includes(oid)
          ? Number
          : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
    },
  };
}

/** Throws `invalid-configuration` when a file that the URL names, such as `sslrootcert`, can't be read. */
export function checkConnectionFiles(url: string): void {
  try {
    new pg.Client(connectionOptions(url));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TintypeError(
      'invalid-configuration',
      `A file that DATABASE_URL names can’t be read: ${reason}.`,
    );
  }
}

export function openPool({ url, directUrl, connections, logger }: PostgresOptions): PostgresPool {
  const statements = new NamedStatements();
  const pool = new pg.Pool({
    ...connectionOptions(url),
    max: connections,
    onConnect: async client => {
      if (url === directUrl) await statements.begin(client);
    },
  });
  // Between two statements of a transaction nobody else listens, and an error that nobody hears ends the process. The
  // next statement throws.
  pool.on('connect', client => client.on('error', () => {}));
  // Idle connections tell it here when the database goes; the next query gets another one.
  pool.on('error', ({ message }) => {
    // The error itself carries the whole client.
    logger.debug({ reason: message }, 'a connection to the job store was lost');
  });
  return {
    options: pool.options,
    connect: async () => forKysely(await pool.connect(), statements),
    end: () => pool.end(),
  };
}

/** One connection, whose statements may take what they take. */
export function openPatientPool(url: string): PostgresPool {
  const { query_timeout: _, ...options } = connectionOptions(url);
  const pool = new pg.Pool({ ...options, max: 1 });
  pool.on('error', () => {});
  pool.on('connect', client => client.on('error', () => {}));
  return pool;
}

/** A connection that did not answer in time may answer later: nobody else must get it. */
function forKysely(client: pg.PoolClient, statements: NamedStatements): pg.PoolClient {
  let isStuck = false;
  const query = async (text: string, values: unknown[]): Promise<unknown> => {
    // One that is stuck would let the rollback wait as long again.
    if (isStuck) throw new Error('The connection timed out.');
    try {
      return await client.query(statements.query(client, text, values));
    } catch (error) {
      isStuck ||= error instanceof Error && error.message === 'Query read timeout';
      if (isPlanStale(error)) statements.forget();
      throw error;
    }
  };
  return Object.create(client, {
    query: { value: query },
    release: { value: () => client.release(isStuck) },
  }) as pg.PoolClient;
}
