import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { roles } from '../../src/config/variables.ts';
import { BalancedClient } from './balanced-client.ts';
import { Cluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { photo } from './photo.ts';
import { type SeenJob, SentJobs } from './sent-jobs.ts';

const everyMs = 600;
const patienceMs = 200_000;
/** Of the rate before: it is never quite the same twice. */
const fullRate = 0.75;

/** A service of two processes, of every role each, under a steady load that it can well take. */
export class LoadedService implements AsyncDisposable {
  readonly sent: SentJobs;
  readonly client: BalancedClient;
  readonly #cluster: Cluster;
  readonly #database: pg.Pool;
  readonly #over = new AbortController();
  readonly #sending: Promise<void>;
  readonly #windowMs: number;
  #usual = 0;

  /**
   * @param databaseUrl where the rate is read, whatever happens to the service's own way there
   * @param windowMs jobs ended are counted over so long: some turns of the load
   */
  static async start(
    env: Record<string, string>,
    databaseUrl: string,
    windowMs: number,
  ): Promise<LoadedService> {
    const settings = { LEASE_SECONDS: '2', LOG_LEVEL: 'fatal' };
    const cluster = await Cluster.start({ ...env, ...settings }, [roles.join(','), roles.join(',')]);
    const image = await photo(600, 400).jpeg().toBuffer();
    const service = new LoadedService(cluster, databaseUrl, windowMs, image);
    await eventually(async () => (await service.#ended()) > 0, 'jobs end', patienceMs);
    // Not those that end: at first there is a backlog.
    const { length } = service.sent.ids;
    await setTimeout(windowMs);
    service.#usual = service.sent.ids.length - length;
    return service;
  }

  private constructor(cluster: Cluster, databaseUrl: string, windowMs: number, image: Buffer) {
    this.#cluster = cluster;
    this.#windowMs = windowMs;
    this.#database = new pg.Pool({ connectionString: databaseUrl });
    // The database itself may be what goes away.
    this.#database.on('error', () => {});
    this.client = new BalancedClient(() => cluster.urls);
    this.sent = new SentJobs(this.client, image);
    this.#sending = this.sent.sendUntil(this.#over.signal, everyMs);
  }

  /** Jobs accepted in a window, before anything happened. */
  get usual(): number {
    return this.#usual;
  }

  /**
   * Does something bad; resolves to how many seconds after it was over a window ended in which as many jobs ended as
   * were sent in one at first: one window at least.
   * @param disturb resolves when it is over
   */
  async disturbedBy(disturb: () => Promise<void>): Promise<number> {
    await disturb();
    const over = performance.now();
    await setTimeout(this.#windowMs);
    const isBack = async () => (await this.#ended()) >= fullRate * this.#usual;
    await eventually(isBack, 'as many jobs end as before', patienceMs);
    return Math.round((performance.now() - over) / 100) / 10;
  }

  /** Ends the load and waits for the ends of all jobs, which `SentJobs` looks at. */
  async allComplete(): Promise<SeenJob[]> {
    this.#over.abort();
    await this.#sending;
    const statuses = [...this.client.statuses.keys()];
    assert.deepEqual(
      statuses.filter(status => ![200, 202, 503].includes(status)),
      [],
    );
    return this.sent.allComplete();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#sending.catch(() => {});
    await this.#database.end();
    await this.#cluster[Symbol.asyncDispose]();
  }

  /** In the window that ends now. */
  async #ended(): Promise<number> {
    const now = `cast(extract(epoch from clock_timestamp()) * 1000 as bigint)`;
    const text = `select count(*)::int as ended from jobs where ended_at > ${now} - ${this.#windowMs}`;
    const answer = await this.#database.query<{ ended: number }>(text).catch(() => undefined);
    return answer?.rows[0]?.ended ?? 0;
  }
}
