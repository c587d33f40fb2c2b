import { TintypeError } from '../errors/tintype-error.ts';
import type { ClaimedDelivery, DeliveryStore, PendingExport } from '../jobs/delivery-store.ts';
import type { ExportStore } from '../jobs/export-store.ts';
import { retryDelayMs } from '../jobs/retry-policy.ts';
import { type Outcome, startTry } from './outcome.ts';

/** For the copies of one try; what was made by then is made. Half of the lease, so that a message may follow. */
const exportMs = 25_000;

/** Faults after which the same copy can't be made later either. */
const lasting: ReadonlySet<string> = new Set(['not-found', 'invalid-request']);

/** Makes the copies that deliveries need before they go out, each once for all deliveries of a group. */
export class Exporter {
  readonly #exports: ExportStore;
  readonly #deliveries: Pick<DeliveryStore, 'exported'>;
  /** Copies under way, by group and position. */
  readonly #running = new Map<string, Promise<void>>();

  constructor(exports: ExportStore, deliveries: Pick<DeliveryStore, 'exported'>) {
    this.#exports = exports;
    this.#deliveries = deliveries;
  }

  /** Resolves to nothing once all copies are there, else to what that means for the delivery. Throws the signal's reason. */
  async make(delivery: ClaimedDelivery, signal: AbortSignal): Promise<Outcome | undefined> {
    const { groupId, exports, claim } = delivery;
    if (groupId === undefined || exports.length === 0) return undefined;
    const end = startTry();
    const inTime = AbortSignal.timeout(exportMs);
    try {
      await this.#makeAll(groupId, exports, AbortSignal.any([signal, inTime]));
      return undefined;
    } catch (thrown) {
      signal.throwIfAborted();
      const late = new TintypeError('storage-unavailable', 'The copies take long.', { cause: thrown });
      // Another delivery's try, which made the same copy, may have been broken off.
      const isLate = inTime.aborted || isAbort(thrown);
      const fault = isLate ? late : TintypeError.from(thrown);
      const made = end({ error: `A copy could not be made: ${fault.message}` });
      if (lasting.has(fault.code)) return { made, result: 'failed' };
      // Our own stores: the receiver has had no turn.
      const isOurs = fault.code === 'storage-unavailable';
      return { made, result: 'again', ...(isOurs && { counts: false, retryAfterMs: retryDelayMs(claim) }) };
    }
  }

  /** Notes what was made, also when not all of it could be. */
  async #makeAll(groupId: string, exports: readonly PendingExport[], signal: AbortSignal): Promise<void> {
    const made: number[] = [];
    try {
      for (const each of exports) {
        await this.#makeOne(`${groupId} ${each.position}`, each, signal);
        made.push(each.position);
      }
    } finally {
      if (made.length > 0) await this.#deliveries.exported(groupId, made);
    }
  }

  #makeOne(name: string, { objectKey, bucket, key, contentType }: PendingExport, signal: AbortSignal) {
    const running = this.#running.get(name);
    if (running !== undefined) return running;
    signal.throwIfAborted();
    const copying = this.#exports
      .copy(objectKey, { bucket, key, contentType }, signal)
      .finally(() => this.#running.delete(name));
    this.#running.set(name, copying);
    return copying;
  }
}

function isAbort(thrown: unknown): boolean {
  return thrown instanceof Error && /^(Abort|Timeout)Error$/.test(thrown.name);
}
