import { jobQueueEngines } from '../../test/support/job-queue-engines.ts';
import { PostgresServer } from '../../test/support/servers/postgres.ts';
import type { RestartableServer } from '../../test/support/servers/restartable-server.ts';
import { s3Environment } from '../../test/support/servers/s3-server.ts';
import { startSeaweedfs } from '../../test/support/servers/seaweedfs.ts';

/** Which engines hold the jobs, ring the workers and keep the images. */
export interface Combination {
  readonly jobs: 'SQLite' | 'Postgres';
  readonly queue: 'database' | 'Redis' | 'SQS' | 'Kafka';
  readonly objects: 'folder' | 'S3';
}

/** Real servers on this machine, each started when it is first needed and ended with the rest; all of them write to disk. */
export class Engines implements AsyncDisposable {
  readonly #servers = new AsyncDisposableStack();
  readonly #brokers = new Map<string, Promise<RestartableServer>>();
  #postgres: Promise<PostgresServer> | undefined;
  #names = 0;

  /** The address of an empty database. */
  async database(): Promise<string> {
    this.#postgres ??= this.#use(PostgresServer.start({ fsync: true }));
    this.#names += 1;
    return (await this.#postgres).createDatabase(`bench_${this.#names}`);
  }

  /** What a service reads to be on those engines; what is not named here stays with the embedded defaults. */
  async environment({ jobs, queue, objects }: Combination): Promise<Record<string, string>> {
    return {
      ...(jobs === 'Postgres' && {
        DATABASE_URL: await this.database(),
        SECRETS_KEY: Buffer.alloc(32, 7).toString('base64'),
      }),
      ...(await this.#queue(queue)),
      ...(objects === 'S3' && s3Environment(await this.#use(startSeaweedfs()))),
    };
  }

  /** The address of a Redis. */
  async redis(): Promise<string> {
    return (await this.#queue('Redis')).JOB_QUEUE_URL ?? '';
  }

  async #queue(name: Combination['queue']): Promise<Record<string, string>> {
    const engine = jobQueueEngines.find(each => each.name === name);
    if (engine === undefined) return {};
    const server = this.#brokers.get(name) ?? this.#use(engine.start());
    this.#brokers.set(name, server);
    return engine.environment(await server);
  }

  async #use<T extends AsyncDisposable>(starting: Promise<T>): Promise<T> {
    return this.#servers.use(await starting);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#servers.disposeAsync();
  }
}

export function nameOf({ jobs, queue, objects }: Combination): string {
  return `${jobs}, queue ${queue}, ${objects}`;
}
