import type { Kysely } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { JobEvent } from '../../jobs/event-log.ts';
import type { IntakeStore, NewGroup } from '../../jobs/intake-store.ts';
import type { SqlDialect } from '../dialect.ts';
import { JobRecorder } from '../jobs/job-recorder.ts';
import type { RecordedJob } from '../jobs/job-rows.ts';
import type { Announce } from '../sql-stores.ts';
import type { Tables } from '../tables.ts';
import { write } from '../transactions.ts';
import { type GroupChanges, GroupEnds } from './group-ends.ts';
import { intakeQueries } from './intake-queries.ts';
import { OrderLocks } from './order-locks.ts';

interface Submitted extends GroupChanges {
  readonly groups: number;
  readonly events: readonly JobEvent[];
}

interface GroupToBe {
  readonly id: string;
  readonly group: NewGroup;
  readonly turn: number | null;
}

export class SqlIntakeStore implements IntakeStore {
  readonly #db: Kysely<Tables>;
  readonly #announce: Announce;
  readonly #queries: ReturnType<typeof intakeQueries>;
  readonly #jobs: JobRecorder;
  readonly #ends: GroupEnds;
  readonly #locks: OrderLocks;

  constructor(db: Kysely<Tables>, dialect: SqlDialect, announce: Announce) {
    this.#db = db;
    this.#announce = announce;
    this.#queries = intakeQueries(db, dialect);
    this.#jobs = new JobRecorder(db, dialect);
    this.#ends = new GroupEnds(db, dialect);
    this.#locks = new OrderLocks(db, dialect);
  }

  async submitGroups(groups: readonly NewGroup[]): Promise<number> {
    if (groups.length === 0) return 0;
    const submitted = await write(this.#db, trx => this.#submit(trx, groups));
    if (submitted.ready) this.#announce({ kind: 'work' });
    if (submitted.deliveries > 0) this.#announce({ kind: 'delivery' });
    if (submitted.events.length > 0) this.#announce({ kind: 'event', events: submitted.events });
    return submitted.groups;
  }

  async #submit(trx: Kysely<Tables>, groups: readonly NewGroup[]): Promise<Submitted> {
    const toBe = await this.#withTurns(trx, groups);
    const inserted = await this.#queries.insert.all(trx, { groups: JSON.stringify(insertedRows(toBe)) });
    const ids = new Set(inserted.map(({ id }) => id));
    const taken = toBe.filter(({ id }) => ids.has(id));
    const blocked = await this.#blocked(trx, taken);
    const { accepted, events } = await this.#recordJobs(trx, taken, blocked);
    const ready = accepted.some(job => job.notBefore <= job.submittedAt);
    const empty = taken
      .filter(({ id, group }) => group.jobs.length === 0 && !blocked.has(id))
      .map(({ id, group }) => ({
        id,
        remaining: 0,
        blocked: 0 as const,
        order_key: group.orderKey ?? null,
      }));
    const ended = await this.#ends.endThoseDone(trx, empty);
    return { groups: taken.length, ready: ready || ended.ready, deliveries: ended.deliveries, events };
  }

  /** Locks the order keys: from here on nobody else gives out turns under them. */
  async #withTurns(trx: Kysely<Tables>, groups: readonly NewGroup[]): Promise<GroupToBe[]> {
    const keys = await this.#locks.take(
      trx,
      groups.map(group => ({ order_key: group.orderKey ?? null })),
    );
    const last = keys.length === 0 ? [] : await this.#queries.turns.all(trx, { keys: JSON.stringify(keys) });
    const turns = new Map(last.map(({ order_key, turn }) => [order_key, turn ?? 0]));
    return groups.map(group => {
      const id = uuidv7();
      if (group.orderKey === undefined) return { id, group, turn: null };
      const turn = (turns.get(group.orderKey) ?? 0) + 1;
      turns.set(group.orderKey, turn);
      return { id, group, turn };
    });
  }

  /** The ids of those that an earlier group goes before. */
  async #blocked(trx: Kysely<Tables>, taken: readonly GroupToBe[]): Promise<Set<string>> {
    const ordered = taken.filter(({ turn }) => turn !== null).map(({ id }) => id);
    if (ordered.length === 0) return new Set();
    const rows = await this.#queries.block.all(trx, { ids: JSON.stringify(ordered) });
    return new Set(rows.map(({ id }) => id));
  }

  async #recordJobs(trx: Kysely<Tables>, taken: readonly GroupToBe[], blocked: ReadonlySet<string>) {
    const jobs = taken.flatMap(({ id, group }) =>
      group.jobs.map(({ part, ...job }): RecordedJob => {
        const orderKey = group.orderKey ?? null;
        return { ...job, group: { id, part, orderKey, blocked: blocked.has(id) ? 1 : 0 } };
      }),
    );
    return jobs.length === 0 ? { accepted: [], events: [] } : this.#jobs.record(trx, jobs);
  }
}

/** In the order of their events, so that of two who bring the same ones none waits for the other while that waits for him. */
function insertedRows(groups: readonly GroupToBe[]) {
  return groups
    .map(({ id, group, turn }) => ({
      id,
      event_key: group.eventKey,
      owner: group.owner,
      order_key: group.orderKey ?? null,
      turn,
      jobs: group.jobs.length,
      refused: JSON.stringify(group.refused),
      context: JSON.stringify(group.context ?? null),
      exports: JSON.stringify(group.exports),
      targets: JSON.stringify(group.targets),
    }))
    .sort((a, b) => (a.event_key < b.event_key ? -1 : 1));
}
