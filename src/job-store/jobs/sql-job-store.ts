import type { Kysely, Selectable } from 'kysely';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { JobEvent } from '../../jobs/event-log.ts';
import type { Job, JobOutput, NewJob, TriedJob } from '../../jobs/job.ts';
import { type JobFilter, type JobPage, type JobStore, longestPage } from '../../jobs/job-store.ts';
import type { Links } from '../../jobs/links.ts';
import { canRetry } from '../../jobs/states.ts';
import { boundedPage } from '../bounded-page.ts';
import { DeliveryRecorder } from '../deliveries/delivery-recorder.ts';
import type { SqlDialect } from '../dialect.ts';
import { GroupEnds } from '../groups/group-ends.ts';
import { returned } from '../returned.ts';
import type { Announce } from '../sql-stores.ts';
import { nothingHandled, recordUsage } from '../statistics/usage-queries.ts';
import type { JobsTable, Tables } from '../tables.ts';
import { read, write } from '../transactions.ts';
import { EventRecorder } from './event-recorder.ts';
import { IdempotencyQueries } from './idempotency-queries.ts';
import { decodeJobCursor, encodeJobCursor } from './job-cursor.ts';
import { JobList } from './job-list.ts';
import { JobQueries } from './job-queries.ts';
import { JobReader } from './job-reader.ts';
import { JobRecorder } from './job-recorder.ts';
import { toOutput } from './job-rows.ts';

export class SqlJobStore implements JobStore {
  readonly #db: Kysely<Tables>;
  readonly #announce: Announce;
  readonly #queries: JobQueries;
  readonly #reader: JobReader;
  readonly #recorder: JobRecorder;
  readonly #events: EventRecorder;
  readonly #deliveries: DeliveryRecorder;
  readonly #groups: GroupEnds;
  readonly #list: JobList;
  readonly #keys: IdempotencyQueries;
  readonly #recordUsage: ReturnType<typeof recordUsage>;

  constructor(db: Kysely<Tables>, dialect: SqlDialect, announce: Announce, links: Links) {
    this.#db = db;
    this.#announce = announce;
    this.#queries = new JobQueries(db, dialect);
    this.#reader = new JobReader(db, dialect);
    this.#recorder = new JobRecorder(db, dialect);
    this.#events = new EventRecorder(db, dialect);
    this.#deliveries = new DeliveryRecorder(db, dialect, this.#reader, links);
    this.#groups = new GroupEnds(db, dialect);
    this.#list = new JobList(db);
    this.#keys = new IdempotencyQueries(db, dialect);
    this.#recordUsage = recordUsage(db, dialect);
  }

  async submit(job: NewJob): Promise<TriedJob> {
    const { id, owner, idempotency } = job;
    if (idempotency === undefined) return returned((await this.submitAll([job]))[0]);
    const { accepted, events } = await write(this.#db, async trx => {
      const holder = await this.#keys.take(trx, owner, id, idempotency);
      if (holder === id) return this.#recorder.record(trx, [job]);
      return { accepted: [returned(await this.#find(trx, holder))], events: [] };
    });
    this.#tellOf(accepted, events);
    return returned(accepted[0]);
  }

  /** Accepts jobs without idempotency keys, all of them or none. Throws what `submit` throws. */
  async submitAll(jobs: readonly NewJob[]): Promise<TriedJob[]> {
    const { accepted, events } = await write(this.#db, trx => this.#recorder.record(trx, jobs));
    this.#tellOf(accepted, events);
    return accepted;
  }

  get(id: string, owner?: string): Promise<TriedJob | undefined> {
    return read(this.#db, trx => this.#find(trx, id, owner));
  }

  list(filter: JobFilter, page: { cursor?: string; limit: number }): Promise<JobPage> {
    const limit = Math.min(page.limit, longestPage);
    return read(this.#db, async trx => {
      const after = page.cursor === undefined ? undefined : decodeJobCursor(page.cursor);
      const rows = await this.#list.page(trx, filter, after, limit + 1);
      const jobs = await boundedPage(rows.slice(0, limit), some => this.#reader.triedJobs(trx, some));
      const last = rows.length > jobs.length ? jobs.at(-1) : undefined;
      return { jobs, ...(last !== undefined && { nextCursor: encodeJobCursor(last) }) };
    });
  }

  async cancel(id: string, owner?: string): Promise<TriedJob> {
    const { job, ready, deliveries, events } = await write(this.#db, async trx => {
      const cancelled = await this.#queries.cancel.first(trx, { id, owner: owner ?? null });
      if (cancelled === undefined) {
        return { job: await this.#alreadyCancelled(trx, id, owner), ready: false, deliveries: 0, events: [] };
      }
      await this.#queries.cancelAttempt.write(trx, { id, attempt: cancelled.claims });
      await this.#recordUsage.write(trx, { ends: JSON.stringify([{ jobId: id, ...nothingHandled }]) });
      const groups = await this.#groups.jobsEnded(trx, [cancelled]);
      const told = await this.#deliveries.record(trx, cancelled.listened === 1 ? [id] : []);
      const events = await this.#events.record(trx, [id]);
      const job = await this.#whole(trx, cancelled);
      return { job, ready: groups.ready, deliveries: groups.deliveries + told, events };
    });
    if (ready) this.#announce({ kind: 'work' });
    if (deliveries > 0) this.#announce({ kind: 'delivery' });
    if (events.length > 0) this.#announce({ kind: 'event', events });
    return job;
  }

  async retry(id: string, owner?: string): Promise<TriedJob> {
    const { job, events } = await write(this.#db, async trx => {
      const next = await this.#queries.retry.first(trx, { id, owner: owner ?? null });
      if (next === undefined) throw await this.#whyNotRetried(trx, id, owner);
      await this.#queries.resetOutputs.write(trx, { ids: JSON.stringify([id]) });
      await this.#groups.jobsRetried(trx, [next]);
      const events = await this.#events.record(trx, [id]);
      return { job: await this.#whole(trx, next), events };
    });
    this.#announce({ kind: 'work' });
    this.#announce({ kind: 'event', events });
    return job;
  }

  newestOutput(owner: string, filename: string): Promise<{ job: Job; output: JobOutput } | undefined> {
    return read(this.#db, async trx => {
      const row =
        (await this.#queries.newestOutput.first(trx, { owner, filename })) ??
        (await this.#queries.newestExpired.first(trx, { owner, filename }));
      const job = row && (await this.#find(trx, row.job_id));
      return job && { job, output: toOutput(row) };
    });
  }

  async queued(most: number, owner?: string): Promise<number> {
    const query = owner === undefined ? this.#queries.queued : this.#queries.queuedOfOwner;
    return (await query.first(this.#db, { most, owner: owner ?? '' }))?.jobs ?? 0;
  }

  async backlog(): Promise<{ pending: number; processing: number }> {
    const rows = await this.#queries.backlog.all(this.#db, {});
    const count = (status: string) => rows.find(row => row.status === status)?.jobs ?? 0;
    return { pending: count('pending'), processing: count('processing') };
  }

  #tellOf(accepted: readonly Job[], events: readonly JobEvent[]): void {
    if (events.length === 0) return;
    if (accepted.some(job => job.notBefore <= job.submittedAt)) this.#announce({ kind: 'work' });
    this.#announce({ kind: 'event', events });
  }

  async #find(trx: Kysely<Tables>, id: string, owner?: string): Promise<TriedJob | undefined> {
    const row = await this.#queries.byId.first(trx, { id });
    if (row === undefined || (owner !== undefined && row.owner !== owner)) return undefined;
    return this.#whole(trx, row);
  }

  async #whole(trx: Kysely<Tables>, row: Selectable<JobsTable>): Promise<TriedJob> {
    return returned((await this.#reader.triedJobs(trx, [row]))[0]);
  }

  async #alreadyCancelled(trx: Kysely<Tables>, id: string, owner?: string): Promise<TriedJob> {
    const job = await this.#find(trx, id, owner);
    if (job === undefined) throw noSuchJob();
    if (job.status === 'cancelled') return job;
    throw new TintypeError('job-ended', `This job can't be cancelled: it is ${job.status}.`);
  }

  async #whyNotRetried(trx: Kysely<Tables>, id: string, owner?: string): Promise<TintypeError> {
    const job = await this.#find(trx, id, owner);
    if (job === undefined) return noSuchJob();
    const isGone = job.status === 'expired' && 'upload' in job.source;
    if (isGone || canRetry(job.status)) {
      return new TintypeError('source-gone', `The original of job ${id} is not there any more.`);
    }
    const message = `Only a failed or cancelled job can run again; this one is ${job.status}.`;
    return new TintypeError('job-not-retryable', message);
  }
}

function noSuchJob(): TintypeError {
  return new TintypeError('not-found', 'There is no such job.');
}
