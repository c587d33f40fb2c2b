import type { Failure, Job, StoredOutput } from './job.ts';

/** The right to work on a job, until the lease ends. `attempt` is the fencing token: it only grows. */
export interface Claim {
  readonly job: Job;
  readonly attempt: number;
  /** By the database's clock, as all times of jobs (epoch ms). */
  readonly claimedAt: number;
  /** What earlier attempts of this run have used of the job's running time, in milliseconds. */
  readonly ranMs: number;
}

/** Names a claim without carrying its job. */
export interface ClaimRef {
  readonly jobId: string;
  readonly attempt: number;
}

/** What there was to read. */
export interface SourceSize {
  readonly bytes: number;
  /** Of all pages. */
  readonly pixels: number;
}

/** How an attempt ended. */
export type AttemptEnd =
  | {
      readonly result: 'complete';
      readonly outputs: readonly StoredOutput[];
      readonly read: SourceSize;
    }
  | {
      readonly result: 'failed';
      readonly failure: Failure;
      /** The original itself is what can't be taken: an upload that no other job names is abandoned. */
      readonly refused?: boolean;
      readonly outputFailures?: Readonly<Record<string, Failure>>;
    }
  /** Back to pending. `counts`: whether it counts against the job's attempts. */
  | {
      readonly result: 'requeued';
      readonly failure: Failure;
      readonly counts: boolean;
      readonly delayMs: number;
    };

/**
 * The workers' side of the job store. The database's clock decides about leases.
 * Every method is one transaction, durable once it resolves.
 */
export interface AttemptStore {
  /**
   * Claims up to `limit` ready jobs, fairest first: turns rotate over owners with pending work; within an owner by
   * priority, then by submission. The row of the attempt is written in the same transaction.
   */
  claim(worker: string, limit: number, leaseMs: number): Promise<Claim[]>;
  /** Extends the leases and stores the progress; resolves to those that are still this worker's to work on. */
  renew(claims: readonly (ClaimRef & { progress: number })[], leaseMs: number): Promise<ClaimRef[]>;
  /** Of these, the ones that are still theirs: neither cancelled nor taken over. Writes nothing. */
  stillHeld(claims: readonly ClaimRef[]): Promise<ClaimRef[]>;
  /**
   * Ends an attempt and with it, or not, the job. False, and nothing is written, when the claim is not held any more;
   * true again when this attempt has ended so before, as after a commit whose answer got lost.
   */
  end(claim: ClaimRef, end: AttemptEnd): Promise<boolean>;
  /** Requeues jobs whose lease is over, or fails them with `worker-lost` after `maxLostLeases`; resolves to how many. */
  expireLeases(maxLostLeases: number): Promise<number>;
  /**
   * Makes jobs ready whose time to start has come, 1,000 at most; resolves to how many, and in how many milliseconds
   * the next one is due, which are less than 0 when there were more.
   */
  readyDue(): Promise<{ readied: number; dueInMs?: number }>;
  /**
   * Ended attempts whose objects may still be in the store: they did not win, or their job is expired. None while a
   * backup is made.
   */
  leftovers(limit: number): Promise<ClaimRef[]>;
  /** Their objects are gone. */
  forgetLeftovers(attempts: readonly ClaimRef[]): Promise<void>;
}

/** The object store's prefix that one attempt writes under, and nowhere else. */
export function attemptPrefix({ jobId, attempt }: ClaimRef): string {
  return `jobs/${jobId}/${attempt}/`;
}
