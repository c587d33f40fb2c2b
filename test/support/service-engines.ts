import path from 'node:path';
import { type JobQueueEngine, jobQueueEngines } from './job-queue-engines.ts';
import type { PostgresServer } from './servers/postgres.ts';
import { realServer } from './servers/real-server.ts';
import { embedded } from './service.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** The engines of one service, and what its processes are told of them. */
export interface ServiceEngines extends AsyncDisposable {
  readonly env: Record<string, string>;
  /** Holds the objects, and with SQLite the job store. */
  readonly folder: string;
}

export interface PostgresEngines extends ServiceEngines {
  readonly databaseUrl: string;
}

/** A way to run a service: under which name, in how many processes, and on which engines. */
export interface ServiceKind<Engines extends ServiceEngines = ServiceEngines> {
  readonly name: string;
  /** One only, where engines are the process's own. */
  readonly processes: 1 | 2;
  /** Undefined where an engine can't be had here. */
  open(): Promise<Engines | undefined>;
}

/** SQLite; Postgres; and Postgres with each broker. Objects are in a folder. */
export function serviceKinds(postgres: PostgresServer | undefined, what: string): ServiceKind[] {
  return [{ name: 'SQLite', processes: 1, open: onSqlite }, ...sharedKinds(postgres, what)];
}

/** Those whose engines several processes may share. */
export function sharedKinds(
  postgres: PostgresServer | undefined,
  what: string,
): ServiceKind<PostgresEngines>[] {
  if (postgres === undefined) return [];
  return [
    { name: 'Postgres', processes: 2, open: () => onPostgres(postgres) },
    ...jobQueueEngines.map(queue => ({
      name: queue.name,
      processes: 2 as const,
      open: () => withQueue(postgres, queue, what),
    })),
  ];
}

async function onSqlite(): Promise<ServiceEngines> {
  const folder = await temporaryFolder();
  return {
    env: embedded(folder.path),
    folder: folder.path,
    [Symbol.asyncDispose]: folder[Symbol.asyncDispose],
  };
}

let databases = 0;

/** A database of its own on the server. */
export async function onPostgres(postgres: PostgresServer): Promise<PostgresEngines> {
  databases += 1;
  const folder = await temporaryFolder();
  const databaseUrl = await postgres.createDatabase(`service_${databases}`);
  const env = {
    DATABASE_URL: databaseUrl,
    OBJECT_STORE_URL: `file:${path.join(folder.path, 'objects')}`,
    SECRETS_KEY: 'ab'.repeat(32),
    LOG_LEVEL: 'error',
  };
  return { env, databaseUrl, folder: folder.path, [Symbol.asyncDispose]: folder[Symbol.asyncDispose] };
}

async function withQueue(
  postgres: PostgresServer,
  queue: JobQueueEngine,
  what: string,
): Promise<PostgresEngines | undefined> {
  const server = await realServer(`${what} (${queue.name})`, queue.start);
  if (server === undefined) return undefined;
  await using cleanup = new AsyncDisposableStack();
  cleanup.use(server);
  const engines = cleanup.use(await onPostgres(postgres));
  const env = { ...engines.env, ...(await queue.environment(server)) };
  const kept = cleanup.move();
  return { ...engines, env, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
