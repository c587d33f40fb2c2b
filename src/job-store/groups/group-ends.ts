import type { Kysely } from 'kysely';
import { insertDeliveries } from '../deliveries/new-delivery.ts';
import type { SqlDialect } from '../dialect.ts';
import { JobReader } from '../jobs/job-reader.ts';
import type { Tables } from '../tables.ts';
import { endOfGroup, type PartJob } from './group-deliveries.ts';
import { type CountedGroup, type GroupRow, groupQueries } from './group-queries.ts';
import { OrderLocks } from './order-locks.ts';

/** What a job's row says of its group; both null for one that came by itself. */
export interface GroupedJob {
  readonly group_id: string | null;
  readonly order_key: string | null;
}

/** What became of groups. */
export interface GroupChanges {
  /** Whether any jobs may be claimed now that could not before. */
  readonly ready: boolean;
  readonly deliveries: number;
}

const nothing: GroupChanges = { ready: false, deliveries: 0 };

/**
 * Ends groups in the transaction that ends the last of their jobs, and opens them again in the one that lets a job run
 * again. Whoever changes jobs does so before, so that jobs, order keys and groups are locked in this order.
 */
export class GroupEnds {
  readonly #queries: ReturnType<typeof groupQueries>;
  readonly #reader: JobReader;
  readonly #locks: OrderLocks;
  readonly #insertDeliveries: ReturnType<typeof insertDeliveries>;

  constructor(db: Kysely<Tables>, dialect: SqlDialect) {
    this.#queries = groupQueries(db, dialect);
    this.#reader = new JobReader(db, dialect);
    this.#locks = new OrderLocks(db, dialect);
    this.#insertDeliveries = insertDeliveries(db, dialect);
  }

  /** @param jobs that have just ended. */
  async jobsEnded(trx: Kysely<Tables>, jobs: readonly GroupedJob[]): Promise<GroupChanges> {
    const grouped = jobs.filter(job => job.group_id !== null);
    if (grouped.length === 0) return nothing;
    await this.#locks.take(trx, grouped);
    return this.endThoseDone(trx, await this.#queries.countDown.all(trx, idsOf(grouped)));
  }

  /** @param jobs that run again: their group is open anew, and they start once it is its turn. */
  async jobsRetried(trx: Kysely<Tables>, jobs: readonly GroupedJob[]): Promise<void> {
    const grouped = jobs.filter(job => job.group_id !== null);
    if (grouped.length === 0) return;
    await this.#locks.take(trx, grouped);
    const groups = await this.#queries.reopen.all(trx, idsOf(grouped));
    const ordered = groups.filter(group => group.order_key !== null);
    if (ordered.length === 0) return;
    const first = await this.#queries.first.all(trx, { ids: JSON.stringify(ordered.map(({ id }) => id)) });
    await this.#letGo(
      trx,
      first.map(({ id }) => id),
    );
  }

  /**
   * Ends those groups of which no job is under way and that wait for no other one; then those that waited for them, if
   * nothing of them is under way either. Their order keys must be locked.
   */
  async endThoseDone(trx: Kysely<Tables>, groups: readonly CountedGroup[]): Promise<GroupChanges> {
    let done = groups.filter(isDone);
    let [ready, deliveries] = [false, 0];
    while (done.length > 0) {
      const now = firstOfEachKey(done);
      deliveries += await this.#end(trx, now);
      const next = await this.#handOver(trx, now);
      ready ||= next.ready;
      const left = done.filter(group => !now.includes(group));
      done = [...left, ...next.groups.filter(isDone)];
    }
    return { ready, deliveries };
  }

  /** Resolves to how many deliveries that makes. */
  async #end(trx: Kysely<Tables>, groups: readonly CountedGroup[]): Promise<number> {
    const ids = JSON.stringify(groups.map(({ id }) => id));
    const rows = await this.#queries.end.all(trx, { ids });
    const jobs = await this.#jobsOf(trx, rows);
    const ends = rows.map(row => endOfGroup(row, jobs.get(row.id) ?? []));
    const deliveries = ends.flatMap(end => end.deliveries);
    const exports = ends.flatMap(end => end.exports);
    if (exports.length > 0)
      await this.#queries.insertExports.write(trx, { exports: JSON.stringify(exports) });
    if (deliveries.length > 0)
      await this.#insertDeliveries.write(trx, { deliveries: JSON.stringify(deliveries) });
    const ordered = deliveries.filter(delivery => delivery.order_key !== null);
    if (ordered.length > 0)
      await this.#queries.hold.write(trx, { ids: JSON.stringify(ordered.map(({ id }) => id)) });
    return deliveries.length;
  }

  async #jobsOf(trx: Kysely<Tables>, groups: readonly GroupRow[]): Promise<Map<string, PartJob[]>> {
    const ids = groups.filter(group => group.jobs > 0).map(({ id }) => id);
    if (ids.length === 0) return new Map();
    const rows = await this.#queries.jobs.all(trx, { ids: JSON.stringify(ids) });
    const jobs = await this.#reader.jobs(trx, rows);
    const parts = rows.flatMap(({ group_id, part }, index) => {
      const job = jobs[index];
      return job === undefined ? [] : [{ group: group_id ?? '', part: part ?? '', job }];
    });
    return Map.groupBy(parts, ({ group }) => group);
  }

  /** It is the turn of the next group of each key. */
  async #handOver(
    trx: Kysely<Tables>,
    ended: readonly CountedGroup[],
  ): Promise<{ ready: boolean; groups: CountedGroup[] }> {
    const keys = ended.map(group => group.order_key).filter(key => key !== null);
    if (keys.length === 0) return { ready: false, groups: [] };
    const next = await this.#queries.next.all(trx, { keys: JSON.stringify(keys) });
    return this.#letGo(
      trx,
      next.map(({ id }) => id).filter(id => id !== null),
    );
  }

  async #letGo(
    trx: Kysely<Tables>,
    groups: readonly string[],
  ): Promise<{ ready: boolean; groups: CountedGroup[] }> {
    if (groups.length === 0) return { ready: false, groups: [] };
    const ids = JSON.stringify(groups);
    const jobs = await this.#queries.letJobsGo.all(trx, { ids });
    const free = await this.#queries.letGo.all(trx, { ids });
    return { ready: jobs.some(job => job.ready === 1), groups: free };
  }
}

function isDone({ remaining, blocked }: CountedGroup): boolean {
  return remaining === 0 && blocked === 0;
}

/** Their deliveries are recorded one group after the other, so that they see each other. */
function firstOfEachKey(groups: readonly CountedGroup[]): CountedGroup[] {
  const byKey = Map.groupBy(groups, group => group.order_key);
  return [...byKey].flatMap(([key, mine]) => (key === null ? mine : mine.slice(0, 1)));
}

function idsOf(jobs: readonly GroupedJob[]): { ids: string } {
  return { ids: JSON.stringify(jobs.map(job => job.group_id)) };
}
