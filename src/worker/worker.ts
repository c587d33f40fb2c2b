import { addAbortListener } from 'node:events';
import { TintypeError } from '../errors/tintype-error.ts';
import type { AttemptEnd, AttemptStore, Claim } from '../jobs/attempt-store.ts';
import type { JobQueue } from '../jobs/job-queue.ts';
import { type RetryPolicy, retryDelayMs } from '../jobs/retry-policy.ts';
import type { StoreChanges } from '../jobs/store-changes.ts';
import { logFault } from '../telemetry/log-fault.ts';
import type { Logger } from '../telemetry/logger.ts';
import { type AttemptParts, attemptJob } from './attempt.ts';
import { type HeldClaim, LeaseKeeper } from './lease-keeper.ts';
import { verdict } from './verdict.ts';

export interface WorkerOptions extends AttemptParts {
  /** Names this worker in the rows of its attempts. */
  readonly name: string;
  readonly attempts: AttemptStore;
  readonly changes: StoreChanges;
  readonly queue: JobQueue;
  readonly policy: RetryPolicy;
  /** Jobs in work at the same time; more than the renderers, so that they never wait for a fetch or a sync to disk. */
  readonly slots: number;
  readonly leaseMs: number;
  readonly logger: Logger;
}

/** Longest wait for a ring before looking into the job store all the same (invariant 2), in milliseconds. */
const longestWaitMs = 5_000;
/** How often jobs whose time has come are made ready while there is other work, in milliseconds. */
const readyEveryMs = 500;
/**
 * How long running attempts may take to finish at shutdown before they are given back, in milliseconds: on a busy machine
 * as well others are to have them within 5 s.
 */
const graceMs = 2_000;

/** Claims what is fairest, makes it, ends it; until it is stopped. */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #leases: LeaseKeeper;
  /** Attempts that have a slot: from the claim until they are ready to be ended. */
  readonly #inWork = new Set<Promise<AttemptEnd>>();
  /** The same until they have ended. */
  readonly #running = new Set<Promise<void>>();
  /** Aborted first: claim no more. */
  readonly #stopping = new AbortController();
  /** Aborted after the grace: give back what is running. */
  readonly #givingBack = new AbortController();
  #loop: Promise<void> | undefined;
  #readiedAt = 0;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#leases = new LeaseKeeper(options.attempts, options.changes, options.leaseMs, options.logger);
  }

  start(): void {
    this.#loop ??= this.#work();
  }

  /** Lets running attempts finish for a short while, gives the rest back to the queue, and resolves when all is still. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const grace = setTimeout(() => {
      this.#givingBack.abort(new TintypeError('shutting-down', 'The worker is shutting down.'));
    }, graceMs);
    await this.#loop;
    await Promise.all(this.#running);
    clearTimeout(grace);
  }

  async #work(): Promise<void> {
    const { attempts, queue, name, slots, leaseMs, logger } = this.#options;
    let failures = 0;
    // Rings that were taken and not answered by a claim yet.
    let rung = 0;
    while (!this.#stopping.signal.aborted) {
      // Half of the slots at least, so that under load one transaction claims for several.
      if (slots - this.#inWork.size < Math.ceil(slots / 2)) {
        await this.#slotFreed();
        continue;
      }
      try {
        const free = slots - this.#inWork.size;
        const dueInMs = await this.#readyDue();
        // Before the claim: a job whose ring was taken is in the job store, and this claim or a later one sees it.
        await queue.take(free - rung);
        const claims = await attempts.claim(name, free, leaseMs);
        for (const claim of claims) this.#start(claim);
        rung = claims.length < free && (await this.#wait(dueInMs)) ? 1 : 0;
        failures = 0;
      } catch (error) {
        failures += 1;
        logFault(logger, 'error', error, 'work could not be claimed');
        rung = (await this.#wait(retryDelayMs(failures))) ? 1 : 0;
      }
    }
  }

  /** Milliseconds until the next delayed job is due, as far as that was asked. */
  async #readyDue(): Promise<number> {
    const sinceMs = performance.now() - this.#readiedAt;
    if (sinceMs < readyEveryMs) return readyEveryMs - sinceMs;
    this.#readiedAt = performance.now();
    const { readied, dueInMs } = await this.#options.attempts.readyDue();
    if (readied > 0) this.#options.queue.ring(readied);
    return Math.max(1, dueInMs ?? longestWaitMs);
  }

  /** Resolves when an attempt ends, or at once when the worker is stopping. */
  async #slotFreed(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    using _stopping = addAbortListener(this.#stopping.signal, () => resolve());
    await Promise.race([promise, ...this.#inWork]);
  }

  #wait(dueInMs: number): Promise<boolean> {
    return this.#options.queue.wait(Math.min(longestWaitMs, dueInMs), this.#stopping.signal);
  }

  #start(claim: Claim): void {
    const running = this.#run(claim).catch(error => {
      logFault(this.#options.logger, 'error', error, 'an attempt could not be ended', { job: claim.job.id });
    });
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
  }

  async #run(claim: Claim): Promise<void> {
    const sinceMs = performance.now();
    const now = () => claim.claimedAt + performance.now() - sinceMs;
    const lost = new AbortController();
    const held: HeldClaim = {
      jobId: claim.job.id,
      attempt: claim.attempt,
      progress: 0,
      lost: () => lost.abort(new TintypeError('job-cancelled', 'The job was cancelled or taken over.')),
    };
    this.#leases.hold(held);
    try {
      const attempt = this.#attempt(claim, held, lost.signal, now);
      this.#inWork.add(attempt);
      const end = await attempt;
      // Before it is ended, so that the next claim goes to the job store together with the end.
      this.#inWork.delete(attempt);
      // A lost one as well, once its outputs are stored: only the job store can tell whether they are to stay.
      if (end.result === 'complete' || !lost.signal.aborted) await this.#end(claim, end, lost.signal, now);
    } finally {
      this.#leases.release(held);
    }
  }

  /** @param now by the database's clock, because this machine's may be wrong */
  async #attempt(claim: Claim, held: HeldClaim, lost: AbortSignal, now: () => number): Promise<AttemptEnd> {
    const { policy, logger } = this.#options;
    const overtime = new AbortController();
    const timer = setTimeout(() => {
      const text = `The job took more than ${policy.maxJobMs / 1000} s of running time.`;
      overtime.abort(new TintypeError('job-timeout', text));
    }, policy.maxJobMs - claim.ranMs);
    const signal = AbortSignal.any([lost, overtime.signal, this.#givingBack.signal]);
    try {
      const made = await attemptJob(claim, this.#options, signal, progress => {
        held.progress = Math.floor(progress * 100) / 100;
      });
      return { result: 'complete', ...made };
    } catch (thrown) {
      const error = TintypeError.from(signal.aborted ? signal.reason : thrown);
      logFault(logger, 'info', error, 'attempt failed', { job: claim.job.id, attempt: claim.attempt });
      return verdict(claim, error, policy, now());
    } finally {
      clearTimeout(timer);
    }
  }

  /** Writes the end, again and again if the job store is away: the lease decides when it is too late. */
  async #end(claim: Claim, end: AttemptEnd, lost: AbortSignal, now: () => number): Promise<void> {
    const { attempts, metrics, objects } = this.#options;
    const ref = { jobId: claim.job.id, attempt: claim.attempt };
    const held = await this.#untilAnswered(() => attempts.end(ref, end), lost);
    if (held === false && end.result === 'complete') await objects.delete(end.outputs.map(({ key }) => key));
    if (!held) return;
    if (end.result === 'requeued') {
      if (end.delayMs === 0) this.#options.queue.ring();
      return;
    }
    const status = end.result;
    metrics.jobsEnded.inc({ status, code: end.result === 'failed' ? end.failure.code : '' });
    metrics.jobSeconds.observe({ status }, (now() - claim.job.submittedAt) / 1000);
  }

  /** Undefined when it is lost and the job store did not answer: a write before may have been done all the same. */
  async #untilAnswered(write: () => Promise<boolean>, lost: AbortSignal): Promise<boolean | undefined> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await write();
      } catch (error) {
        if (TintypeError.from(error).code !== 'storage-unavailable') throw error;
        if (lost.aborted) return undefined;
        const { promise, resolve } = Promise.withResolvers<void>();
        setTimeout(resolve, retryDelayMs(failures));
        await promise;
      }
    }
  }
}
