import { createSqsQueue } from '../../test/support/queues/sqs-queue.ts';
import { elasticMqEnvironment, startElasticMq } from '../../test/support/servers/elasticmq.ts';
import { startKafka } from '../../test/support/servers/kafka.ts';
import { PostgresServer } from '../../test/support/servers/postgres.ts';
import type { S3Server } from '../../test/support/servers/s3-server.ts';
import { startSeaweedfs } from '../../test/support/servers/seaweedfs.ts';
import { startValkey } from '../../test/support/servers/valkey.ts';

/** Which engines hold the jobs, ring the workers and keep the images. */
export interface Combination {
  readonly jobs: 'SQLite' | 'Postgres';
  readonly queue: 'database' | 'Redis' | 'SQS' | 'Kafka';
  readonly objects: 'folder' | 'S3';
}

/** Real servers on this machine, each started when it is first needed and ended with the rest; all of them write to disk. */
export class Engines implements AsyncDisposable {
  readonly #servers = new AsyncDisposableStack();
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

  /** A Redis with nothing in it. */
  async redis(): Promise<string> {
    const { port } = await this.#use(startValkey());
    return `redis://127.0.0.1:${port}`;
  }

  async #queue(name: Combination['queue']): Promise<Record<string, string>> {
    switch (name) {
      case 'database':
        return {};
      case 'Redis':
        return { JOB_QUEUE_URL: await this.redis() };
      case 'Kafka':
        return { JOB_QUEUE_URL: `kafka://127.0.0.1:${(await this.#use(startKafka())).port}/jobs` };
      case 'SQS': {
        const env = elasticMqEnvironment(await this.#use(startElasticMq()));
        Object.assign(process.env, env);
        return { ...env, JOB_QUEUE_URL: `sqs:${await createSqsQueue('standard')}` };
      }
      default:
        return name satisfies never;
    }
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

function s3Environment({ endpoint, region, accessKeyId, secretAccessKey, bucket }: S3Server) {
  return {
    OBJECT_STORE_URL: `s3://${bucket}/`,
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    S3_PATH_STYLE: 'true',
  };
}
