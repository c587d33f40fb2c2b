import { type AttemptStore, attemptPrefix, type ClaimRef } from '../jobs/attempt-store.ts';
import type { EventLog } from '../jobs/event-log.ts';
import type { JobQueue } from '../jobs/job-queue.ts';
import type { ObjectStore } from '../jobs/object-store.ts';
import { maxLostLeases } from '../jobs/retry-policy.ts';
import { type UploadStore, uploadKey } from '../jobs/upload-store.ts';
import type { Logger } from '../telemetry/logger.ts';

export interface SweeperOptions {
  readonly attempts: AttemptStore;
  readonly uploads: UploadStore;
  readonly events: EventLog;
  readonly objects: ObjectStore;
  readonly queue: JobQueue;
  readonly leaseMs: number;
  readonly logger: Logger;
}

const dayMs = 86_400_000;
const cleanEveryMs = 60_000;
const batch = 100;

/** Takes back what died workers held, and clears away what losers and cut-off uploads left. */
export class Sweeper {
  readonly #options: SweeperOptions;
  #timers: NodeJS.Timeout[] = [];
  #busy: Promise<void> = Promise.resolve();

  constructor(options: SweeperOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#timers.length > 0) return;
    const expireEveryMs = Math.min(5_000, this.#options.leaseMs / 3);
    this.#timers = [
      setInterval(() => this.#next(() => this.#expireLeases()), expireEveryMs),
      setInterval(() => this.#next(() => this.clean()), cleanEveryMs),
    ];
    this.#next(() => this.#expireLeases());
    this.#next(() => this.clean());
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
    await this.#busy;
  }

  /** One sweep after the other; a sweep that fails is only logged, because the next one does its work. */
  #next(sweep: () => Promise<void>): void {
    this.#busy = this.#busy.then(sweep).catch(error => {
      this.#options.logger.warn({ err: error }, 'a sweep failed');
    });
  }

  async #expireLeases(): Promise<void> {
    const expired = await this.#options.attempts.expireLeases(maxLostLeases);
    if (expired === 0) return;
    this.#options.logger.warn({ jobs: expired }, 'leases were lost');
    this.#options.queue.ring(expired);
  }

  /** Deletes what ended attempts and abandoned uploads left in the object store, then their rows. */
  async clean(): Promise<void> {
    const { attempts, uploads, events, objects } = this.#options;
    for (let rest = await attempts.leftovers(batch); rest.length > 0; ) {
      for (const attempt of rest) await this.#deleteObjects(attempt);
      await attempts.forgetLeftovers(rest);
      rest = rest.length < batch ? [] : await attempts.leftovers(batch);
    }
    const abandoned = await uploads.abandoned(dayMs, batch);
    await objects.delete(abandoned.map(uploadKey));
    await uploads.forget(abandoned);
    while ((await events.prune(dayMs)) > 0);
  }

  async #deleteObjects(attempt: ClaimRef): Promise<void> {
    const keys = [];
    for await (const { key } of this.#options.objects.list(attemptPrefix(attempt))) keys.push(key);
    await this.#options.objects.delete(keys);
  }
}
