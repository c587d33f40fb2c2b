import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { PartialUploadStore } from '../../jobs/partial-upload-store.ts';
import { logFault } from '../../telemetry/log-fault.ts';
import type { Logger } from '../../telemetry/logger.ts';

/** How long an upload stays locked when the process that has it dies. */
const usualLeaseMs = 10_000;
/** Longer than a lease by so much is waited, so that who comes after a process that died gets the lock in the end. */
const patienceMs = 2_000;
const lookEveryMs = 100;

export interface HeldLock {
  readonly id: string;
  readonly token: string;
  /** Aborted, with the reason, when another request wants the lock or it was lost. */
  readonly signal: AbortSignal;
}

/**
 * The locks that requests of this process hold on uploads: leases in the job store, all renewed together. They hold
 * between processes; within one, who wants a lock need not wait for the next renewal to be noticed.
 */
export class UploadLocks {
  readonly leaseMs: number;
  readonly #store: PartialUploadStore;
  readonly #logger: Logger;
  readonly #held = new Map<string, HeldLock & { readonly stop: AbortController }>();
  #timer: NodeJS.Timeout | undefined;
  #renewedAt = 0;

  constructor(store: PartialUploadStore, logger: Logger, leaseMs = usualLeaseMs) {
    this.#store = store;
    this.#logger = logger;
    this.leaseMs = leaseMs;
  }

  /**
   * Asks whoever has the lock to give it up, and waits for that. Resolves to undefined where there is nothing to lock.
   * Throws `upload-locked` when that takes longer than a lease.
   */
  async take(id: string): Promise<HeldLock | undefined> {
    const token = randomUUID();
    const deadline = performance.now() + this.leaseMs + patienceMs;
    for (;;) {
      const result = await this.#store.lock(id, token, this.leaseMs);
      if (result === 'none') return undefined;
      if (result === 'locked') return this.hold(id, token);
      for (const lock of this.#held.values()) if (lock.id === id) lock.stop.abort(wanted());
      if (performance.now() > deadline) throw locked('Another request writes to this upload.');
      await pause(lookEveryMs);
    }
  }

  /** Keeps a lock that the store gave to this token. */
  hold(id: string, token: string): HeldLock {
    const stop = new AbortController();
    const lock = { id, token, signal: stop.signal, stop };
    if (this.#held.size === 0) this.#renewedAt = performance.now();
    this.#held.set(token, lock);
    this.#timer ??= setInterval(() => void this.#renew(), this.leaseMs / 4).unref();
    return lock;
  }

  /**
   * Throws `upload-locked` where the locks may be over: when the whole process was stopped for a while, it goes on with
   * bytes that wait in its connections before any timer or answer can tell.
   */
  check(): void {
    if (performance.now() - this.#renewedAt >= this.leaseMs) throw overdue();
  }

  async release({ token }: HeldLock): Promise<void> {
    this.#held.delete(token);
    if (this.#held.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    await this.#store.unlock(token);
  }

  async #renew(): Promise<void> {
    const asked = [...this.#held.values()];
    const askedAt = performance.now();
    try {
      const kept = await this.#store.renew(
        asked.map(lock => lock.token),
        this.leaseMs,
      );
      this.#renewedAt = askedAt;
      for (const lock of asked) {
        const renewed = kept.find(({ token }) => token === lock.token);
        if (renewed === undefined || renewed.wanted) lock.stop.abort(wanted());
      }
    } catch (error) {
      logFault(this.#logger, 'warn', error, 'the locks of uploads could not be renewed');
      if (performance.now() - this.#renewedAt < this.leaseMs) return;
      for (const lock of asked) lock.stop.abort(overdue());
    }
  }
}

export function locked(message: string): TintypeError {
  return new TintypeError('upload-locked', message, { retryAfter: 1 });
}

function overdue(): TintypeError {
  return locked('The lock on this upload was lost.');
}

function wanted(): TintypeError {
  return locked('Another request has taken the place of this one.');
}
