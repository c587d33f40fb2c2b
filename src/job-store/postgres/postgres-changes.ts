import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import type { StoreChange, StoreChanges } from '../../jobs/store-changes.ts';
import { logFault } from '../../telemetry/log-fault.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { isDirect } from './direct-connection.ts';
import { fromPostgres } from './postgres-faults.ts';
import { connectionOptions } from './postgres-pool.ts';

const channel = 'tintype';
/** A notification costs a commit, and the next ones would say the same: they go together, this often at most. */
const tellEveryMs = 20;
/** A connection that hears nothing may be dead: it is asked this often, and left when it does not answer. */
const askEveryMs = 5_000;
const answerMs = 5_000;
const firstPauseMs = 100;
const longestPauseMs = 5_000;
/** Postgres takes payloads below 8,000 bytes. What does not fit is progress, which the next one makes up for. */
const longestPayload = 7_900;

type Notify = (channel: string, payload: string) => Promise<unknown>;

/**
 * News between processes by NOTIFY and LISTEN. The listener has a connection of its own, which begins with the first
 * subscription and comes back for ever; after it was away, everybody is told to look.
 */
export class PostgresChanges implements StoreChanges {
  readonly #url: string;
  readonly #notify: Notify;
  readonly #logger: Logger;
  /** Tells our own notifications from others'. */
  readonly #origin = randomUUID();
  readonly #listeners = new Set<(change: StoreChange) => void>();
  readonly #closing = new AbortController();
  #untold: StoreChange[] = [];
  #telling: Promise<void> | undefined;
  #isPoolerKnown = false;
  #listening: Promise<void> | undefined;

  constructor(directUrl: string, notify: Notify, logger: Logger) {
    this.#url = directUrl;
    this.#notify = notify;
    this.#logger = logger;
  }

  /** After the commit. This process hears it at once, the others soon. */
  announce(change: StoreChange): void {
    this.#hear(change);
    this.#untold.push(change);
    this.#telling ??= this.#tell();
  }

  subscribe(listener: (change: StoreChange) => void): () => void {
    this.#listeners.add(listener);
    this.#listening ??= this.#listen();
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Tells what is untold, then hears no more. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([this.#telling, this.#listening]);
  }

  #hear(change: StoreChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  async #tell(): Promise<void> {
    await pause(tellEveryMs, this.#closing.signal);
    const changes = this.#untold;
    this.#untold = [];
    this.#telling = undefined;
    try {
      await this.#notify(channel, payloadOf(this.#origin, changes));
    } catch (error) {
      this.#logger.debug({ err: error }, 'other processes could not be told; they look by themselves');
    }
  }

  async #listen(): Promise<void> {
    let pauseMs = firstPauseMs;
    while (!this.#closing.signal.aborted) {
      try {
        await this.#hearUntilLost(() => {
          pauseMs = firstPauseMs;
        });
      } catch (error) {
        logFault(
          this.#logger,
          'warn',
          fromPostgres(error),
          'news of the job store can’t be heard; trying again',
        );
      }
      await pause(pauseMs, this.#closing.signal);
      pauseMs = Math.min(longestPauseMs, pauseMs * 2);
    }
  }

  /** Resolves when the subscription is over, throws when the connection is lost. */
  async #hearUntilLost(onConnected: () => void): Promise<void> {
    const client = new pg.Client({ ...connectionOptions(this.#url), query_timeout: answerMs });
    const lost = Promise.withResolvers<void>();
    lost.promise.catch(() => {});
    client.on('error', lost.reject);
    client.on('end', () => lost.reject(new Error('The connection ended.')));
    client.on('notification', ({ payload }) => this.#receive(payload ?? ''));
    try {
      await client.connect();
      await client.query(`listen ${channel}`);
      await this.#warnOfPooler(client);
      onConnected();
      this.#hear({ kind: 'work' });
      this.#hear({ kind: 'event' });
      while (!this.#closing.signal.aborted) {
        await Promise.race([lost.promise, pause(askEveryMs, this.#closing.signal)]);
        await client.query('select 1');
      }
    } finally {
      // What can't be ended in an orderly way is ended by force.
      await Promise.race([client.end().catch(() => {}), pause(answerMs)]);
    }
  }

  async #warnOfPooler(client: pg.Client): Promise<void> {
    if (this.#isPoolerKnown || (await isDirect(client))) return;
    this.#isPoolerKnown = true;
    const advice = 'set DATABASE_DIRECT_URL to the database itself, or news of other processes come late';
    this.#logger.warn(`the job store is behind a pooler: ${advice}`);
  }

  #receive(payload: string): void {
    const { origin, changes } = JSON.parse(payload) as { origin: string; changes: StoreChange[] };
    if (origin === this.#origin) return;
    for (const change of changes) this.#hear(change);
  }
}

/** That there is work, that there are events, and whose progress is new: each once, however often it was announced. */
function payloadOf(origin: string, changes: readonly StoreChange[]): string {
  const distinct = new Map<string, StoreChange>();
  for (const change of changes) {
    if (change.kind === 'progress') distinct.set(change.jobId, change);
    // The events themselves would not fit, and readers ask the log.
    else distinct.set(change.kind, { kind: change.kind });
  }
  const isProgress = (change: StoreChange) => Number(change.kind === 'progress');
  const told: StoreChange[] = [];
  for (const change of [...distinct.values()].sort((a, b) => isProgress(a) - isProgress(b))) {
    if (Buffer.byteLength(JSON.stringify({ origin, changes: [...told, change] })) > longestPayload) break;
    told.push(change);
  }
  return JSON.stringify({ origin, changes: told });
}

/** Resolves when the time is over or the signal aborted. */
async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { ...(signal && { signal }), ref: false }).catch(() => {});
}
