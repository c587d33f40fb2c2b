import { addAbortListener } from 'node:events';
import { TintypeError } from '../errors/tintype-error.ts';
import type { ClaimedDelivery, DeliveryEnd, DeliveryStore } from '../jobs/delivery-store.ts';
import type { JobQueue } from '../jobs/job-queue.ts';
import { retryDelayMs } from '../jobs/retry-policy.ts';
import { AwayLog } from '../telemetry/away-log.ts';
import { logFault } from '../telemetry/log-fault.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Exporter } from './exporter.ts';
import { type DeliveryDrivers, type Outcome, startTry } from './outcome.ts';
import { nextDelayMs } from './schedule.ts';

export interface RelayOptions {
  readonly deliveries: DeliveryStore;
  readonly drivers: DeliveryDrivers;
  readonly exporter: Exporter;
  /** Rings when there are new deliveries. */
  readonly bell: Pick<JobQueue, 'ring' | 'wait'>;
  /** The waits between tries, in milliseconds. */
  readonly schedule: readonly number[];
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** For one try after its exports, from look-up to the end of the answer. */
export const tryMs = 30_000;
/** Longer than a try with its exports: nobody else makes it meanwhile. */
const leaseMs = 2 * tryMs;
/** Tries under way at once; each waits for a receiver more than it works. */
const slots = 256;
/** Of those, to one target. */
const perTarget = 8;
/** Longest wait for a ring before looking into the store all the same, in milliseconds. */
const longestWaitMs = 5_000;
/** How often deliveries whose time has come are made ready while there is other work, in milliseconds. */
const readyEveryMs = 500;
/** Before a delivery of a kind that this process can't make is looked at again, in milliseconds. */
const otherKindMs = 60_000;
/** How long tries may take to finish at shutdown before they are broken off, in milliseconds. */
const graceMs = 3_000;

interface AnyDriver {
  try(delivery: ClaimedDelivery, signal: AbortSignal): Promise<Outcome>;
}

/** Tells what was recorded to whom it may concern: claims deliveries that are due and makes tries, until it is stopped. */
export class Relay {
  readonly #options: RelayOptions;
  readonly #running = new Set<Promise<void>>();
  /** Tries under way, by target. */
  readonly #underWay = new Map<string, number>();
  /** By kind of target. */
  readonly #awayLogs = new Map<string, AwayLog>();
  /** Aborted first: claim no more. */
  readonly #stopping = new AbortController();
  /** Aborted after the grace. */
  readonly #breakingOff = new AbortController();
  #loop: Promise<void> | undefined;
  #readiedAt = 0;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop ??= this.#work();
  }

  /** Lets tries finish for a short while, breaks off the others, which are made again later, and resolves when all is still. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const grace = setTimeout(() => this.#breakingOff.abort(), graceMs);
    await this.#loop;
    await Promise.all(this.#running);
    clearTimeout(grace);
  }

  async #work(): Promise<void> {
    const { deliveries, bell, logger } = this.#options;
    const stopping = this.#stopping.signal;
    let failures = 0;
    while (!stopping.aborted) {
      try {
        const dueInMs = await this.#readyDue();
        const claims = await this.#claim(deliveries);
        for (const claim of claims) this.#start(claim);
        if (this.#running.size >= slots) await this.#slotFreed();
        else if (claims.length === 0) await bell.wait(Math.min(longestWaitMs, dueInMs), stopping);
        failures = 0;
      } catch (error) {
        failures += 1;
        logFault(logger, 'error', error, 'deliveries could not be claimed');
        await bell.wait(Math.min(longestWaitMs, retryDelayMs(failures)), stopping);
      }
    }
  }

  #claim(deliveries: DeliveryStore): Promise<ClaimedDelivery[]> {
    const limit = slots - this.#running.size;
    return deliveries.claim({ limit, perTarget, underWay: Object.fromEntries(this.#underWay), leaseMs });
  }

  /** Milliseconds until the next delivery is due, as far as that was asked. */
  async #readyDue(): Promise<number> {
    const sinceMs = performance.now() - this.#readiedAt;
    if (sinceMs < readyEveryMs) return readyEveryMs - sinceMs;
    this.#readiedAt = performance.now();
    const { dueInMs } = await this.#options.deliveries.readyDue();
    return Math.max(1, dueInMs ?? longestWaitMs);
  }

  /** Resolves when a try ends, or at once when the relay is stopping. */
  async #slotFreed(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    using _stopping = addAbortListener(this.#stopping.signal, () => resolve());
    await Promise.race([promise, ...this.#running]);
  }

  #start(delivery: ClaimedDelivery): void {
    const { targetKey } = delivery;
    this.#underWay.set(targetKey, (this.#underWay.get(targetKey) ?? 0) + 1);
    const running = this.#try(delivery).catch(error => {
      logFault(this.#options.logger, 'error', error, 'a try could not be noted', { delivery: delivery.id });
    });
    this.#running.add(running);
    void running.finally(() => {
      this.#running.delete(running);
      const left = (this.#underWay.get(targetKey) ?? 1) - 1;
      if (left > 0) this.#underWay.set(targetKey, left);
      else this.#underWay.delete(targetKey);
      // There may be more for this target.
      this.#options.bell.ring();
    });
  }

  async #try(delivery: ClaimedDelivery): Promise<void> {
    const { deliveries, metrics, logger } = this.#options;
    const outcome = await this.#outcome(delivery);
    const end = this.#end(delivery, outcome);
    if (!(await deliveries.end(delivery, outcome.made, end))) return;
    const { kind } = delivery.target;
    metrics.deliveryTrySeconds.observe({ kind, result: end.result }, outcome.made.latencyMs / 1000);
    if (end.result === 'delivered') return this.#awayLog(kind).back();
    const { status, error } = outcome.made;
    // Nothing of this kind gets through, and the receivers have had no turn.
    if (outcome.counts === false && !this.#breakingOff.signal.aborted) this.#awayLog(kind).away(error);
    const level = end.result === 'failed' ? 'warn' : 'debug';
    logger[level]({ delivery: delivery.id, status, error, result: end.result }, 'a delivery failed');
  }

  #awayLog(kind: string): AwayLog {
    const known = this.#awayLogs.get(kind);
    if (known !== undefined) return known;
    const log = new AwayLog(
      this.#options.logger,
      `deliveries to ${kind} wait`,
      `deliveries to ${kind} go on`,
    );
    this.#awayLogs.set(kind, log);
    return log;
  }

  async #outcome(delivery: ClaimedDelivery): Promise<Outcome> {
    const made = startTry();
    const signal = this.#breakingOff.signal;
    try {
      return (await this.#options.exporter.make(delivery, signal)) ?? (await this.#deliver(delivery, signal));
    } catch (thrown) {
      const stopped = signal.aborted;
      const error = stopped ? 'The service stopped during this try.' : TintypeError.from(thrown).message;
      return { made: made({ error }), result: 'again', ...(stopped && { counts: false }) };
    }
  }

  async #deliver(delivery: ClaimedDelivery, signal: AbortSignal): Promise<Outcome> {
    const { kind } = delivery.target;
    // The one of its own kind.
    const driver = this.#options.drivers[kind] as AnyDriver | undefined;
    if (driver !== undefined) return driver.try(delivery, signal);
    const error = `This process is not set up for deliveries to ${kind}.`;
    return { made: startTry()({ error }), result: 'again', counts: false, retryAfterMs: otherKindMs };
  }

  #end(delivery: ClaimedDelivery, { result, gone = false, retryAfterMs, counts }: Outcome): DeliveryEnd {
    if (result === 'delivered') return { result };
    if (result === 'failed') return { result, gone };
    if (counts === false) return { result, delayMs: retryAfterMs ?? 0, counts };
    const delayMs = nextDelayMs(this.#options.schedule, delivery.failures + 1, retryAfterMs);
    return delayMs === undefined ? { result: 'failed', gone: false } : { result, delayMs, counts: true };
  }
}
