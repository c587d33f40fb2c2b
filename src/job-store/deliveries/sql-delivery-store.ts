import type { Kysely } from 'kysely';
import { keptTries } from '../../jobs/delivery-log.ts';
import type {
  ClaimedDelivery,
  ClaimLimits,
  DeliveryEnd,
  DeliveryRef,
  DeliveryStore,
  DeliveryTry,
} from '../../jobs/delivery-store.ts';
import { dealSlots, inTurnOrder, type Turn } from '../attempts/fair-turns.ts';
import type { SqlDialect } from '../dialect.ts';
import { OrderLocks } from '../groups/order-locks.ts';
import type { Announce } from '../sql-stores.ts';
import type { Tables } from '../tables.ts';
import { write } from '../transactions.ts';
import { deliveryQueries } from './delivery-queries.ts';
import { toClaimed } from './delivery-rows.ts';

/** Deliveries made ready or dropped by one call: too few to keep others waiting. */
const batch = 1_000;
/** Owners that are served by one claim. */
const ownersPerClaim = 16;
/** Owners whose place in the round of their targets is kept; the others start anew. */
const keptPlaces = 1_000;

export class SqlDeliveryStore implements DeliveryStore {
  readonly #db: Kysely<Tables>;
  readonly #announce: Announce;
  readonly #queries: ReturnType<typeof deliveryQueries>;
  readonly #locks: OrderLocks;
  /** Who was served last: the next claim starts with the owner after it, and in each owner with the target after it. */
  #lastOwner = '';
  readonly #lastTargets = new Map<string, string>();

  constructor(db: Kysely<Tables>, dialect: SqlDialect, announce: Announce) {
    this.#db = db;
    this.#announce = announce;
    this.#queries = deliveryQueries(db, dialect);
    this.#locks = new OrderLocks(db, dialect);
  }

  claim(limits: ClaimLimits): Promise<ClaimedDelivery[]> {
    return write(this.#db, async trx => {
      const ids = await this.#choose(trx, limits);
      if (ids.length === 0) return [];
      const rows = await this.#queries.take.all(trx, { ids: JSON.stringify(ids), leaseMs: limits.leaseMs });
      rows.sort((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
      const named = different(rows.map(row => row.endpoint_id));
      const endpoints =
        named.length === 0 ? [] : await this.#queries.endpoints.all(trx, { ids: JSON.stringify(named) });
      const byId = new Map(endpoints.map(endpoint => [endpoint.id, endpoint]));
      const groups = different(rows.map(row => row.group_id));
      const exports =
        groups.length === 0 ? [] : await this.#queries.exports.all(trx, { ids: JSON.stringify(groups) });
      const ofGroup = Map.groupBy(exports, each => each.group_id);
      return rows.map(row => toClaimed(row, byId, ofGroup.get(row.group_id ?? '') ?? []));
    });
  }

  async exported(groupId: string, positions: readonly number[]): Promise<void> {
    const parameters = { group: groupId, positions: JSON.stringify(positions) };
    await write(this.#db, trx => this.#queries.exported.write(trx, parameters));
  }

  async end({ id, claim }: DeliveryRef, made: DeliveryTry, end: DeliveryEnd): Promise<boolean> {
    const again = end.result === 'again' ? end : undefined;
    const now = again !== undefined && again.delayMs <= 0;
    const { ended, next } = await write(this.#db, async trx => {
      const row = await this.#queries.end.first(trx, {
        id,
        claim,
        status: end.result === 'again' ? 'pending' : end.result,
        failed: again === undefined || again.counts ? 1 : 0,
        ready: now ? 1 : 0,
        delayMs: now ? null : (again?.delayMs ?? null),
      });
      if (row === undefined) return { ended: false, next: false };
      const { at, status = null, latencyMs, error = null } = made;
      await this.#queries.insertTry.write(trx, { id, try: claim, at, status, latencyMs, error });
      if (claim > keptTries) await this.#queries.dropTry.write(trx, { id, try: claim - keptTries });
      if (end.result === 'failed' && end.gone && row.endpoint_id !== null) {
        await this.#queries.switchOff.write(trx, { id: row.endpoint_id });
      }
      return { ended: true, next: again === undefined && (await this.#handOver(trx, row)) };
    });
    if (next || (ended && now)) this.#announce({ kind: 'delivery' });
    return ended;
  }

  async readyDue(): Promise<{ readied: number; dueInMs?: number }> {
    const { readied, next } = await write(this.#db, async trx => ({
      readied: await this.#queries.ready.write(trx, { limit: batch }),
      next: await this.#queries.nextDue.first(trx, {}),
    }));
    return { readied, ...(next !== undefined && { dueInMs: next.due_in }) };
  }

  async backlog(): Promise<{ pending: number; oldest?: number }> {
    const row = await this.#queries.backlog.first(this.#db, {});
    return { pending: row?.pending ?? 0, ...(row?.oldest != null && { oldest: row.oldest }) };
  }

  prune(maxAgeMs: number): Promise<number> {
    return write(this.#db, trx => this.#queries.prune.write(trx, { maxAgeMs, limit: batch }));
  }

  /** Whether another delivery waited for the end of this one. */
  async #handOver(
    trx: Kysely<Tables>,
    { order_key: order, target_key: target }: { order_key: string | null; target_key: string },
  ): Promise<boolean> {
    if (order === null) return false;
    await this.#locks.take(trx, [{ order_key: order }]);
    return (await this.#queries.next.write(trx, { order, target })) > 0;
  }

  /** The ids of the next deliveries: in turns over owners, and in each over those targets that are not at their limit. */
  async #choose(trx: Kysely<Tables>, { limit, perTarget, underWay }: ClaimLimits): Promise<string[]> {
    const full = Object.values(underWay).filter(count => count >= perTarget).length;
    const found = await this.#queries.owners.all(trx, {
      last: this.#lastOwner,
      limit: ownersPerClaim,
      each: 1,
    });
    const owners = inTurnOrder(found).slice(0, ownersPerClaim);
    const turns: Turn[] = [];
    for (const [turn, { party: owner }] of owners.entries()) {
      const last = this.#lastTargets.get(owner) ?? '';
      const targets = await this.#queries.targets.all(trx, {
        last,
        owner,
        limit: limit + full,
        each: perTarget,
      });
      const open = targets
        .map(target => ({ ...target, ids: firstOf(target.ids, perTarget - (underWay[target.party] ?? 0)) }))
        .filter(target => target.ids !== '[]');
      const mine = dealSlots(open, limit);
      if (mine.length === 0) continue;
      this.#keepPlace(owner, mine.at(-1)?.party ?? '');
      turns.push({ lap: 1, turn, party: owner, ids: JSON.stringify(mine.map(({ id }) => id)) });
    }
    const slots = dealSlots(turns, limit);
    this.#lastOwner = slots.at(-1)?.party ?? owners.at(-1)?.party ?? '';
    return slots.map(({ id }) => id);
  }

  #keepPlace(owner: string, target: string): void {
    if (this.#lastTargets.size >= keptPlaces) this.#lastTargets.clear();
    this.#lastTargets.set(owner, target);
  }
}

function different(ids: readonly (string | null)[]): string[] {
  return [...new Set(ids.filter(id => id !== null))];
}

function firstOf(ids: string, count: number): string {
  return JSON.stringify((JSON.parse(ids) as string[]).slice(0, Math.max(0, count)));
}
