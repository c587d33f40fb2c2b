import type { Kysely } from 'kysely';
import type { AttemptEnd, AttemptStore, Claim, ClaimRef } from '../../jobs/attempt-store.ts';
import type { Links } from '../../jobs/links.ts';
import { DeliveryRecorder } from '../deliveries/delivery-recorder.ts';
import type { SqlDialect } from '../dialect.ts';
import { GroupEnds } from '../groups/group-ends.ts';
import { EventRecorder } from '../jobs/event-recorder.ts';
import { JobReader } from '../jobs/job-reader.ts';
import { fromFailure } from '../jobs/job-rows.ts';
import { returned } from '../returned.ts';
import type { Announce } from '../sql-stores.ts';
import { nothingHandled, recordUsage } from '../statistics/usage-queries.ts';
import type { Tables } from '../tables.ts';
import { write } from '../transactions.ts';
import { AttemptQueries } from './attempt-queries.ts';
import { claimQueries } from './claim-queries.ts';
import { EndRecorder } from './end-recorder.ts';
import type { EndedClaim } from './end-rows.ts';
import { dealSlots } from './fair-turns.ts';

/** Jobs made ready by one call: enough to keep workers busy, too few to keep others waiting. */
const readyBatch = 1_000;

/**
 * A claim is held until somebody takes it: a cancel, or `expireLeases` after the lease is over. Only the token
 * (the number of claims) decides, so a worker that was late but not replaced may still end its job.
 */
export class SqlAttemptStore implements AttemptStore {
  readonly #db: Kysely<Tables>;
  readonly #announce: Announce;
  readonly #queries: AttemptQueries;
  readonly #claims: ReturnType<typeof claimQueries>;
  readonly #reader: JobReader;
  readonly #events: EventRecorder;
  readonly #recordUsage: ReturnType<typeof recordUsage>;
  readonly #deliveries: DeliveryRecorder;
  readonly #ends: EndRecorder;
  readonly #groups: GroupEnds;
  /** The owner who was served last: the next claim starts with the one after. */
  #lastOwner = '';

  constructor(db: Kysely<Tables>, dialect: SqlDialect, announce: Announce, links: Links) {
    this.#db = db;
    this.#announce = announce;
    this.#queries = new AttemptQueries(db, dialect);
    this.#claims = claimQueries(db, dialect);
    this.#reader = new JobReader(db, dialect);
    this.#events = new EventRecorder(db, dialect);
    this.#recordUsage = recordUsage(db, dialect);
    this.#deliveries = new DeliveryRecorder(db, dialect, this.#reader, links);
    this.#ends = new EndRecorder(db, dialect, links);
    this.#groups = new GroupEnds(db, dialect);
  }

  async claim(worker: string, limit: number, leaseMs: number): Promise<Claim[]> {
    const { claims, events } = await write(this.#db, async trx => {
      const turns = await this.#claims.next.all(trx, { last: this.#lastOwner, limit, each: limit });
      const slots = dealSlots(turns, limit);
      const ids = slots.map(slot => slot.id);
      if (ids.length === 0) return { claims: [], events: [] };
      this.#lastOwner = slots.at(-1)?.party ?? '';
      const rows = await this.#claims.take.all(trx, { ids: JSON.stringify(ids), leaseMs });
      await this.#claims.insertAttempts.write(trx, { ids: JSON.stringify(ids), worker });
      const events = await this.#events.record(trx, ids);
      rows.sort((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
      const jobs = await this.#reader.jobs(trx, rows);
      const tokens = new Map(rows.map(row => [row.id, row]));
      const claims = jobs.map(job => ({
        job,
        attempt: tokens.get(job.id)?.claims ?? 0,
        claimedAt: tokens.get(job.id)?.claimed_at ?? 0,
        ranMs: tokens.get(job.id)?.ran_ms ?? 0,
      }));
      return { claims, events };
    });
    if (events.length > 0) this.#announce({ kind: 'event', events });
    return claims;
  }

  async renew(claims: readonly (ClaimRef & { progress: number })[], leaseMs: number): Promise<ClaimRef[]> {
    if (claims.length === 0) return [];
    // In the order in which ends are written, so that neither waits for the other.
    const inOrder = claims.toSorted((a, b) => (a.jobId < b.jobId ? -1 : 1));
    const parameters = { claims: JSON.stringify(inOrder), leaseMs };
    const rows = await write(this.#db, trx => this.#queries.renew.all(trx, parameters));
    for (const { id, owner, progress } of rows)
      this.#announce({ kind: 'progress', jobId: id, owner, progress });
    return rows.map(row => ({ jobId: row.id, attempt: row.claims }));
  }

  async stillHeld(claims: readonly ClaimRef[]): Promise<ClaimRef[]> {
    if (claims.length === 0) return [];
    const rows = await this.#queries.held.all(this.#db, { claims: JSON.stringify(claims) });
    return rows.map(row => ({ jobId: row.id, attempt: row.claims }));
  }

  async end(claim: ClaimRef, end: AttemptEnd): Promise<boolean> {
    return returned((await this.endAll([{ claim, end }]))[0]);
  }

  /** As `end`, of attempts at different jobs: all that is to be written, or nothing. */
  async endAll(ended: readonly EndedClaim[]): Promise<boolean[]> {
    const { held, ready, deliveries, events } = await write(this.#db, trx => this.#ends.record(trx, ended));
    if (ready) this.#announce({ kind: 'work' });
    if (deliveries > 0) this.#announce({ kind: 'delivery' });
    if (events.length > 0) this.#announce({ kind: 'event', events });
    return held;
  }

  async expireLeases(maxLostLeases: number): Promise<number> {
    const { rows, ready, deliveries, events } = await write(this.#db, async trx => {
      const rows = await this.#queries.expire.all(trx, { maxLostLeases, again: lostOnce, last: lostForGood });
      if (rows.length === 0) return { rows, ready: false, deliveries: 0, events: [] };
      await this.#queries.loseAttempts.write(trx, {
        claims: JSON.stringify(rows.map(row => ({ jobId: row.id, attempt: row.claims }))),
      });
      const ended = rows.filter(row => row.status === 'failed');
      if (ended.length > 0) {
        await this.#queries.failOutputs.write(trx, { ids: JSON.stringify(ended.map(row => row.id)) });
        const ends = ended.map(row => ({ jobId: row.id, ...nothingHandled }));
        await this.#recordUsage.write(trx, { ends: JSON.stringify(ends) });
      }
      const told = ended.filter(row => row.listened === 1).map(row => row.id);
      const groups = await this.#groups.jobsEnded(trx, ended);
      const deliveries = groups.deliveries + (await this.#deliveries.record(trx, told));
      const ids = rows.map(row => row.id);
      return { rows, ready: groups.ready, deliveries, events: await this.#events.record(trx, ids) };
    });
    if (ready || rows.some(row => row.status === 'pending')) this.#announce({ kind: 'work' });
    if (deliveries > 0) this.#announce({ kind: 'delivery' });
    if (events.length > 0) this.#announce({ kind: 'event', events });
    return rows.length;
  }

  async readyDue(): Promise<{ readied: number; dueInMs?: number }> {
    const { readied, next } = await write(this.#db, async trx => ({
      readied: await this.#queries.ready.write(trx, { limit: readyBatch }),
      next: await this.#queries.nextDue.first(trx, {}),
    }));
    if (readied > 0) this.#announce({ kind: 'work' });
    return { readied, ...(next !== undefined && { dueInMs: next.due_in }) };
  }

  async leftovers(limit: number): Promise<ClaimRef[]> {
    const rows = await this.#queries.leftovers.all(this.#db, { limit });
    return rows.map(row => ({ jobId: row.job_id, attempt: row.attempt }));
  }

  async forgetLeftovers(attempts: readonly ClaimRef[]): Promise<void> {
    if (attempts.length === 0) return;
    const parameters = { claims: JSON.stringify(attempts) };
    await write(this.#db, trx => this.#queries.forgetLeftovers.write(trx, parameters));
  }
}

const lostOnce = fromFailure({
  code: 'worker-lost',
  message: 'The worker that had this job went away; the job starts again.',
});
const lostForGood = fromFailure({
  code: 'worker-lost',
  message: 'Every worker that had this job went away, too often to try again.',
});
