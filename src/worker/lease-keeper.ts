import type { AttemptStore, ClaimRef } from '../jobs/attempt-store.ts';
import type { StoreChange, StoreChanges } from '../jobs/store-changes.ts';
import { logFault } from '../telemetry/log-fault.ts';
import type { Logger } from '../telemetry/logger.ts';

/** One claim in work: its progress goes out with the heartbeat, and it is called off when the lease is lost. */
export interface HeldClaim extends ClaimRef {
  /** 0 to 1. */
  progress: number;
  /** The job was cancelled or taken over: stop, and write nothing. */
  lost(): void;
}

/** How soon a worker notices that a job was cancelled, in milliseconds. */
const checkEveryMs = 500;

/**
 * Heartbeats for everything that one worker has in work: renews the leases three times a lease, and between that asks
 * every 500 ms, in one query, which jobs are still its own; at once when there is news that one was cancelled.
 */
export class LeaseKeeper {
  readonly #attempts: AttemptStore;
  readonly #leaseMs: number;
  readonly #logger: Logger;
  readonly #held = new Set<HeldClaim>();
  readonly #changes: StoreChanges;
  #timer: NodeJS.Timeout | undefined;
  #unsubscribe: (() => void) | undefined;
  #asking = false;
  /** By the monotonic clock. */
  #renewedAt = 0;

  constructor(attempts: AttemptStore, changes: StoreChanges, leaseMs: number, logger: Logger) {
    this.#attempts = attempts;
    this.#changes = changes;
    this.#leaseMs = leaseMs;
    this.#logger = logger;
  }

  hold(claim: HeldClaim): void {
    if (this.#held.size === 0) {
      this.#renewedAt = performance.now();
      this.#timer = setInterval(() => void this.#tick(), Math.min(checkEveryMs, this.#leaseMs / 3));
      this.#unsubscribe = this.#changes.subscribe(change => this.#hear(change));
    }
    this.#held.add(claim);
  }

  release(claim: HeldClaim): void {
    this.#held.delete(claim);
    if (this.#held.size > 0) return;
    clearInterval(this.#timer);
    this.#unsubscribe?.();
  }

  /** News is a hint: what it says is asked. */
  #hear(change: StoreChange): void {
    if (change.kind !== 'event') return;
    const cancelled = change.events?.filter(({ status }) => status === 'cancelled') ?? [];
    const concerns = cancelled.some(({ jobId }) => [...this.#held].some(claim => claim.jobId === jobId));
    if (concerns) void this.#tick();
  }

  async #tick(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const asked = [...this.#held];
    const renew = performance.now() - this.#renewedAt >= this.#leaseMs / 3;
    try {
      const sentAt = performance.now();
      const refs = asked.map(({ jobId, attempt, progress }) => ({ jobId, attempt, progress }));
      const kept = await (renew ? this.#attempts.renew(refs, this.#leaseMs) : this.#attempts.stillHeld(refs));
      if (renew) this.#renewedAt = sentAt;
      this.#callOff(asked.filter(claim => !kept.some(ref => isSame(ref, claim))));
    } catch (error) {
      logFault(this.#logger, 'warn', error, 'leases could not be renewed');
      // Nobody can say any more that these jobs are ours, and another worker may have them.
      if (performance.now() - this.#renewedAt > this.#leaseMs) this.#callOff(asked);
    } finally {
      this.#asking = false;
    }
  }

  /** A claim that ended while the question was under way is not held any more, and not lost either. */
  #callOff(claims: HeldClaim[]): void {
    for (const claim of claims) if (this.#held.has(claim)) claim.lost();
  }
}

function isSame(a: ClaimRef, b: ClaimRef): boolean {
  return a.jobId === b.jobId && a.attempt === b.attempt;
}
