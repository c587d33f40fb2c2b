import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { redisUrl } from './queues/redis-queue.ts';
import { PostgresServer } from './servers/postgres.ts';
import type { RestartableServer } from './servers/restartable-server.ts';
import { s3Environment } from './servers/s3-server.ts';
import { startValkey } from './servers/valkey.ts';
import { type RestartableS3Server, startVersitygw } from './servers/versitygw.ts';
import { Service } from './service.ts';

/** One Postgres, one Redis and one bucket, which any number of processes share. */
export class Engines implements AsyncDisposable {
  readonly postgres: PostgresServer;
  readonly redis: RestartableServer;
  readonly s3: RestartableS3Server;
  readonly databaseUrl: string;
  readonly #cleanup: AsyncDisposableStack;

  static async start(): Promise<Engines> {
    await using cleanup = new AsyncDisposableStack();
    const postgres = cleanup.use(await PostgresServer.start());
    const redis = cleanup.use(await startValkey());
    const s3 = cleanup.use(await startVersitygw());
    const url = await postgres.createDatabase('tintype');
    return new Engines(postgres, redis, s3, url, cleanup.move());
  }

  private constructor(
    postgres: PostgresServer,
    redis: RestartableServer,
    s3: RestartableS3Server,
    databaseUrl: string,
    cleanup: AsyncDisposableStack,
  ) {
    this.postgres = postgres;
    this.redis = redis;
    this.s3 = s3;
    this.databaseUrl = databaseUrl;
    this.#cleanup = cleanup;
  }

  get environment(): Record<string, string> {
    return {
      DATABASE_URL: this.databaseUrl,
      JOB_QUEUE_URL: redisUrl(this.redis),
      ...s3Environment(this.s3),
      SECRETS_KEY: 'ab'.repeat(32),
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#cleanup.disposeAsync();
  }
}

/** Real processes of one service, each with its roles. */
export class Cluster implements AsyncDisposable {
  readonly #env: Record<string, string>;
  readonly #processes: { readonly roles: string; service: Service }[] = [];

  /** All at once, so that they meet where each of them makes something that is not there yet. */
  static async start(env: Record<string, string>, roles: readonly string[]): Promise<Cluster> {
    const cluster = new Cluster(env);
    const starting = roles.map(each => cluster.#serve(each));
    const started = await Promise.allSettled(starting);
    for (const [index, result] of started.entries()) {
      if (result.status === 'fulfilled') {
        cluster.#processes.push({ roles: roles[index] ?? '', service: result.value });
      }
    }
    const fault = started.find(result => result.status === 'rejected');
    if (fault === undefined) return cluster;
    await cluster[Symbol.asyncDispose]();
    throw fault.reason;
  }

  private constructor(env: Record<string, string>) {
    this.#env = env;
  }

  /** Where HTTP is served at present. */
  get urls(): string[] {
    return this.#processes.flatMap(({ service }) => (service.url === '' ? [] : [service.url]));
  }

  /** Ends one process after the other in an orderly way, and starts each again before it goes on to the next. */
  async restartEach(): Promise<void> {
    for (const process of this.#processes) {
      await process.service[Symbol.asyncDispose]();
      assert.equal(process.service.process.exitCode, 0, `${process.roles} ended in an orderly way`);
      process.service = await this.#serve(process.roles);
    }
  }

  /** In the order of their roles. */
  get services(): Service[] {
    return this.#processes.map(({ service }) => service);
  }

  /** Ends one of them by a signal and starts it again; resolves when it is at work. @param index as in `services` */
  async restart(index: number, signal: NodeJS.Signals): Promise<void> {
    const process = this.#processes[index];
    if (process === undefined) throw new Error(`There is no process ${index}.`);
    await process.service.end(signal);
    await process.service[Symbol.asyncDispose]();
    process.service = await this.#serve(process.roles);
  }

  /** Throws where one has ended by itself. */
  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.#processes.filter(({ service: { process } }) => hasEnded(process));
    await Promise.all(this.#processes.map(({ service }) => service[Symbol.asyncDispose]()));
    assert.deepEqual(
      ended.map(({ roles, service: { process } }) => `${roles}: ${process.exitCode ?? process.signalCode}`),
      [],
      'nobody ended by himself',
    );
  }

  #serve(roles: string): Promise<Service> {
    return Service.start({ ...this.#env, ROLES: roles });
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
