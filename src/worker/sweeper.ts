import { randomUUID } from 'node:crypto';
import type { AttemptStore } from '../jobs/attempt-store.ts';
import type { AuditStore } from '../jobs/audit-store.ts';
import type { DeliveryStore } from '../jobs/delivery-store.ts';
import type { EventLog } from '../jobs/event-log.ts';
import type { ExpiryStore } from '../jobs/expiry-store.ts';
import type { IdempotencyStore } from '../jobs/idempotency-store.ts';
import type { JobQueue } from '../jobs/job-queue.ts';
import type { LeaseStore } from '../jobs/lease-store.ts';
import type { ObjectStore } from '../jobs/object-store.ts';
import type { PartialFiles } from '../jobs/partial-files.ts';
import type { PartialUploadStore } from '../jobs/partial-upload-store.ts';
import { maxLostLeases } from '../jobs/retry-policy.ts';
import type { StatisticsStore } from '../jobs/statistics-store.ts';
import type { UploadStore } from '../jobs/upload-store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { expireJobs } from './expire-jobs.ts';
import { Rounds } from './rounds.ts';
import { StoreAudit } from './store-audit.ts';
import { sweepAttempts, sweepPartialUploads, sweepUploads } from './sweep-objects.ts';

export interface SweeperOptions {
  readonly attempts: AttemptStore;
  readonly uploads: UploadStore;
  readonly partialUploads: PartialUploadStore;
  readonly partialFiles: PartialFiles;
  readonly events: EventLog;
  readonly idempotency: IdempotencyStore;
  readonly statistics: StatisticsStore;
  readonly deliveries: Pick<DeliveryStore, 'prune'>;
  readonly expiry: ExpiryStore;
  readonly audit: AuditStore;
  readonly leases: LeaseStore;
  readonly objects: ObjectStore;
  readonly queue: JobQueue;
  readonly leaseMs: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

const dayMs = 86_400_000;
/** Statistics are kept for thirteen months, so that a year can be compared with the one before. */
const statisticsMs = 400 * dayMs;
/** How long the rows of expired jobs are kept (docs/retention.md). */
const historyMs = 90 * dayMs;
/** What was told, or given up, can be looked at and told again for so long. */
const deliveriesKeptMs = 30 * dayMs;
const dropEveryMs = 60_000;
const dropBatch = 100;
/** How often it is asked whether the daily audit is due. */
const auditEveryMs = 600_000;

/**
 * Takes back what died workers held, ends the retention of jobs, clears away what they, losers and cut-off uploads
 * left, and audits the object store. What takes long keeps nothing else waiting.
 */
export class Sweeper {
  readonly #options: SweeperOptions;
  readonly #rounds: readonly Rounds[];

  constructor(options: SweeperOptions) {
    this.#options = options;
    const { leaseMs, logger } = options;
    const soonMs = Math.min(5_000, leaseMs / 3);
    const audit = new StoreAudit({ ...options, holder: randomUUID(), everyMs: dayMs });
    this.#rounds = [
      new Rounds(() => this.#expireLeases(), soonMs, logger, 'a sweep failed'),
      new Rounds(signal => this.clean(signal), soonMs, logger, 'a sweep failed'),
      new Rounds(signal => this.#dropRows(signal), dropEveryMs, logger, 'a sweep failed'),
      new Rounds(signal => audit.run(signal), auditEveryMs, logger, 'an audit failed'),
    ];
  }

  start(): void {
    for (const rounds of this.#rounds) rounds.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#rounds.map(rounds => rounds.stop()));
  }

  async #expireLeases(): Promise<void> {
    const expired = await this.#options.attempts.expireLeases(maxLostLeases);
    if (expired === 0) return;
    this.#options.logger.warn({ jobs: expired }, 'leases were lost');
    this.#options.queue.ring(expired);
  }

  /** Expires what is due, and deletes what expired jobs, ended attempts and abandoned uploads left in the object store. */
  async clean(signal: AbortSignal = new AbortController().signal): Promise<void> {
    const { attempts, uploads, partialUploads, partialFiles, expiry, objects, metrics } = this.#options;
    await expireJobs(expiry, metrics, signal);
    await sweepAttempts(attempts, objects, signal);
    await sweepUploads(uploads, objects, signal);
    await sweepPartialUploads(partialUploads, partialFiles, signal);
  }

  async #dropRows(signal: AbortSignal): Promise<void> {
    const { events, idempotency, statistics, deliveries, expiry } = this.#options;
    while (!signal.aborted && (await events.prune(dayMs)) > 0);
    while (!signal.aborted && (await idempotency.prune()) > 0);
    while (!signal.aborted && (await statistics.addUp()) > 0);
    while (!signal.aborted && (await statistics.prune(statisticsMs)) > 0);
    while (!signal.aborted && (await deliveries.prune(deliveriesKeptMs)) > 0);
    while (!signal.aborted && (await expiry.dropExpired(historyMs, dropBatch)) > 0);
  }
}
