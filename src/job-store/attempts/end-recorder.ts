import type { Kysely } from 'kysely';
import type { ClaimRef } from '../../jobs/attempt-store.ts';
import type { JobEvent } from '../../jobs/event-log.ts';
import type { Links } from '../../jobs/links.ts';
import { DeliveryRecorder } from '../deliveries/delivery-recorder.ts';
import type { SqlDialect } from '../dialect.ts';
import { EventRecorder } from '../jobs/event-recorder.ts';
import { JobReader } from '../jobs/job-reader.ts';
import { recordUsage } from '../statistics/usage-queries.ts';
import type { Tables } from '../tables.ts';
import { endQueries } from './end-queries.ts';
import { type EndedClaim, type EndRow, endRow } from './end-rows.ts';

export interface RecordedEnds {
  /** Of each, whether it has ended so. */
  readonly held: boolean[];
  /** Whether any of the jobs may be claimed again. */
  readonly ready: boolean;
  readonly deliveries: number;
  readonly events: JobEvent[];
}

/** Writes the ends of attempts and what belongs to them, any number with the same few statements. */
export class EndRecorder {
  readonly #queries: ReturnType<typeof endQueries>;
  readonly #recordUsage: ReturnType<typeof recordUsage>;
  readonly #deliveries: DeliveryRecorder;
  readonly #events: EventRecorder;

  constructor(db: Kysely<Tables>, dialect: SqlDialect, links: Links) {
    this.#queries = endQueries(db, dialect);
    this.#recordUsage = recordUsage(db, dialect);
    this.#deliveries = new DeliveryRecorder(db, dialect, new JobReader(db, dialect), links);
    this.#events = new EventRecorder(db, dialect);
  }

  /** @param ended of different jobs. */
  async record(trx: Kysely<Tables>, ended: readonly EndedClaim[]): Promise<RecordedEnds> {
    const rows = ended.map(endRow);
    // In the order of their ids, so that two who end or renew the same ones don't wait for each other.
    const inOrder = rows.toSorted((a, b) => (a.jobId < b.jobId ? -1 : 1));
    const found = await this.#queries.endJobs.all(trx, { ends: JSON.stringify(inOrder) });
    const jobs = new Map(found.map(job => [job.id, job]));
    const held = inOrder.filter(({ jobId }) => jobs.has(jobId));
    const before = await this.#endedBefore(
      trx,
      inOrder.filter(({ jobId }) => !jobs.has(jobId)),
    );
    const told = held.filter(({ jobId, forGood }) => forGood === 1 && jobs.get(jobId)?.listened === 1);
    if (held.length > 0) await this.#endAttempts(trx, held, ended);
    const deliveries = await this.#deliveries.record(
      trx,
      told.map(({ jobId }) => jobId),
    );
    const events = await this.#events.record(trx, [...jobs.keys()]);
    return {
      held: rows.map(({ jobId }) => jobs.has(jobId) || before.has(jobId)),
      ready: found.some(({ ready }) => ready === 1),
      deliveries,
      events,
    };
  }

  async #endAttempts(
    trx: Kysely<Tables>,
    held: readonly EndRow[],
    ended: readonly EndedClaim[],
  ): Promise<void> {
    await this.#queries.endAttempts.write(trx, { ends: JSON.stringify(held) });
    const forGood = held.filter(row => row.forGood === 1);
    if (forGood.length > 0) {
      const ends = JSON.stringify(forGood);
      await this.#queries.endOutputs.write(trx, { ends });
      await this.#recordUsage.write(trx, { ends });
    }
    const refused = ended
      .filter(({ end }) => end.result === 'failed' && end.refused)
      .map(({ claim }) => claim.jobId)
      .filter(id => held.some(({ jobId }) => jobId === id));
    if (refused.length > 0) await this.#queries.abandonUploads.write(trx, { ids: JSON.stringify(refused) });
  }

  /** The ids of those that an earlier call with the same end has ended, whose answer got lost with the connection. */
  async #endedBefore(trx: Kysely<Tables>, rows: readonly (ClaimRef & EndRow)[]): Promise<Set<string>> {
    if (rows.length === 0) return new Set();
    const found = await this.#queries.results.all(trx, { claims: JSON.stringify(rows) });
    const results = new Map(found.map(({ job_id, result }) => [job_id, result]));
    return new Set(rows.flatMap(({ jobId, result }) => (results.get(jobId) === result ? [jobId] : [])));
  }
}
