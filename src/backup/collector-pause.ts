import { randomUUID } from 'node:crypto';
import { TintypeError } from '../errors/tintype-error.ts';
import { backupDuty, type LeaseStore } from '../jobs/lease-store.ts';

/** Keeps every process from deleting objects that a job store's rows name, until it is disposed of. */
export class CollectorPause implements AsyncDisposable {
  readonly #leases: LeaseStore;
  readonly #duty;
  readonly #timer: NodeJS.Timeout;
  readonly #lost = new AbortController();
  /** By the monotonic clock. */
  #takenAt: number;

  /**
   * Throws `storage-unavailable` while somebody else makes a backup.
   * @param leaseMs how long objects stay when this process dies
   */
  static async begin(leases: LeaseStore, leaseMs: number): Promise<CollectorPause> {
    const duty = { name: backupDuty, holder: randomUUID(), leaseMs, everyMs: 0 };
    const takenAt = performance.now();
    if (await leases.take(duty)) return new CollectorPause(leases, duty, takenAt);
    const message = `Another backup of this job store is under way, or ended without a word less than ${leaseMs / 1000} s ago.`;
    throw new TintypeError('storage-unavailable', message);
  }

  private constructor(leases: LeaseStore, duty: Parameters<LeaseStore['take']>[0], takenAt: number) {
    this.#leases = leases;
    this.#duty = duty;
    this.#takenAt = takenAt;
    this.#timer = setInterval(() => void this.#keep(), duty.leaseMs / 3);
  }

  /** Aborted, with the fault, when it is not certain any more that all objects are still there. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Throws unless no object was deleted until now. */
  async confirm(): Promise<void> {
    await this.#renew();
    this.#lost.signal.throwIfAborted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    // Where that fails the lease ends by itself.
    await this.#leases.release(this.#duty, true).catch(() => {});
  }

  /** While the store is away the lease may last. */
  async #keep(): Promise<void> {
    await this.#renew().catch(() => this.#giveUpWhenOver(performance.now()));
  }

  async #renew(): Promise<void> {
    const askedAt = performance.now();
    const isOurs = await this.#leases.take(this.#duty);
    if (isOurs) this.#giveUpWhenOver(performance.now());
    else this.#giveUp();
    this.#takenAt = askedAt;
  }

  #giveUpWhenOver(now: number): void {
    if (now - this.#takenAt > this.#duty.leaseMs) this.#giveUp();
  }

  #giveUp(): void {
    const message =
      'The backup could not say in time that it is still under way, so objects may have been deleted.';
    this.#lost.abort(new TintypeError('storage-unavailable', message));
  }
}
