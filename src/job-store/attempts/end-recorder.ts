import type { Kysely } from 'kysely';
import type { JobEvent } from '../../jobs/event-log.ts';
import type { Links } from '../../jobs/links.ts';
import { DeliveryRecorder } from '../deliveries/delivery-recorder.ts';
import type { SqlDialect } from '../dialect.ts';
import { GroupEnds } from '../groups/group-ends.ts';
import { EventRecorder } from '../jobs/event-recorder.ts';
import { JobReader } from '../jobs/job-reader.ts';
import { recordUsage } from '../statistics/usage-queries.ts';
import type { Tables } from '../tables.ts';
import { endQueries } from './end-queries.ts';
import { type EndedClaim, endRow, outputsRow, usageRow } from './end-rows.ts';

export interface RecordedEnds {
  /** Of each, whether it has ended so. */
  readonly held: boolean[];
  /** Whether any of the jobs may be claimed again, or others that waited for them. */
  readonly ready: boolean;
  readonly deliveries: number;
  readonly events: JobEvent[];
}

/** Writes the ends of attempts and what belongs to them, any number with the same few statements. */
export class EndRecorder {
  readonly #queries: ReturnType<typeof endQueries>;
  readonly #recordUsage: ReturnType<typeof recordUsage>;
  readonly #deliveries: DeliveryRecorder;
  readonly #groups: GroupEnds;
  readonly #events: EventRecorder;

  constructor(db: Kysely<Tables>, dialect: SqlDialect, links: Links) {
    this.#queries = endQueries(db, dialect);
    this.#recordUsage = recordUsage(db, dialect);
    this.#deliveries = new DeliveryRecorder(db, dialect, new JobReader(db, dialect), links);
    this.#groups = new GroupEnds(db, dialect);
    this.#events = new EventRecorder(db, dialect);
  }

  /** @param ended of different jobs. */
  async record(trx: Kysely<Tables>, ended: readonly EndedClaim[]): Promise<RecordedEnds> {
    // In the order of their ids, so that two who end or renew the same ones don't wait for each other.
    const inOrder = ended.toSorted((a, b) => (a.claim.jobId < b.claim.jobId ? -1 : 1));
    const rows = JSON.stringify(inOrder.map(endRow));
    const jobs = await this.#queries.endJobs.all(trx, { ends: rows });
    const ids = new Set(jobs.map(({ id }) => id));
    const held = inOrder.filter(({ claim }) => ids.has(claim.jobId));
    const before = await this.#endedBefore(
      trx,
      inOrder.filter(({ claim }) => !ids.has(claim.jobId)),
    );
    const ofHeld = held.length === ended.length ? rows : JSON.stringify(held.map(endRow));
    if (held.length > 0) await this.#queries.endAttempts.write(trx, { ends: ofHeld });
    const forGood = held.filter(({ end }) => end.result !== 'requeued');
    if (forGood.length > 0) await this.#endForGood(trx, forGood);
    const endedIds = new Set(idsOf(forGood));
    const endedJobs = jobs.filter(job => endedIds.has(job.id));
    const told = endedJobs.filter(job => job.listened === 1).map(job => job.id);
    const groups = await this.#groups.jobsEnded(trx, endedJobs);
    return {
      held: ended.map(({ claim }) => ids.has(claim.jobId) || before.has(claim.jobId)),
      ready: groups.ready || jobs.some(({ ready }) => ready === 1),
      deliveries: groups.deliveries + (await this.#deliveries.record(trx, told)),
      events: await this.#events.record(trx, [...ids]),
    };
  }

  async #endForGood(trx: Kysely<Tables>, ended: readonly EndedClaim[]): Promise<void> {
    await this.#queries.endOutputs.write(trx, { outputs: JSON.stringify(ended.map(outputsRow)) });
    await this.#recordUsage.write(trx, { ends: JSON.stringify(ended.map(usageRow)) });
    const refused = idsOf(ended.filter(({ end }) => end.result === 'failed' && end.refused));
    if (refused.length > 0) await this.#queries.abandonUploads.write(trx, { ids: JSON.stringify(refused) });
  }

  /** The ids of those that an earlier call with the same end has ended, whose answer got lost with the connection. */
  async #endedBefore(trx: Kysely<Tables>, ended: readonly EndedClaim[]): Promise<Set<string>> {
    if (ended.length === 0) return new Set();
    const claims = JSON.stringify(ended.map(({ claim }) => claim));
    const found = await this.#queries.results.all(trx, { claims });
    const results = new Map(found.map(({ job_id, result }) => [job_id, result]));
    return new Set(idsOf(ended.filter(({ claim, end }) => results.get(claim.jobId) === end.result)));
  }
}

function idsOf(ended: readonly EndedClaim[]): string[] {
  return ended.map(({ claim }) => claim.jobId);
}
