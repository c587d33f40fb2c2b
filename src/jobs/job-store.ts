import type { Job, JobOutput, NewJob, TriedJob } from './job.ts';
import type { JobStatus } from './states.ts';

/** Which jobs; every given condition must hold. Times are milliseconds since the epoch, of submission. */
export interface JobFilter {
  readonly owner?: string;
  readonly status?: JobStatus;
  readonly class?: string;
  /** Inclusive. */
  readonly from?: number;
  /** Exclusive. */
  readonly to?: number;
}

/** Jobs that one page has at most. */
export const longestPage = 200;

export interface JobPage {
  /** Newest first. */
  readonly jobs: readonly TriedJob[];
  /** Opaque; absent on the last page. */
  readonly nextCursor?: string;
}

/**
 * The requests, their states and results: what callers of the service see and ask for.
 * The only truth. Every method is one transaction, durable (fsynced) once it resolves.
 * `owner`, where it is given, hides other owners' jobs as if they did not exist.
 * Throws `storage-unavailable` when the database is away.
 */
export interface JobStore {
  /**
   * Accepts a job as pending; where its idempotency key stands for this request already, resolves to the job that this
   * made, as it is now, and writes nothing.
   * Throws `not-found` for an upload that is not the owner's, or was abandoned; `idempotency-key-reused` when another
   * request came under the key.
   */
  submit(job: NewJob): Promise<TriedJob>;
  get(id: string, owner?: string): Promise<TriedJob | undefined>;
  /**
   * A page of at most `limit` jobs; one that holds much ends early. Throws `invalid-request` for a cursor that was not
   * one of ours. A `limit` above `longestPage` counts as that.
   */
  list(filter: JobFilter, page: { cursor?: string; limit: number }): Promise<JobPage>;
  /** Throws `not-found`, or `job-ended` when it is complete, failed or expired. Cancelling twice is the same. */
  cancel(id: string, owner?: string): Promise<TriedJob>;
  /**
   * The next run of a failed or cancelled job. Throws `not-found`, `source-gone` when its upload is deleted or about to
   * be, or `job-not-retryable` for any other status.
   */
  retry(id: string, owner?: string): Promise<TriedJob>;
  /** The newest complete output of that file name, with its job; where there are expired ones alone, one of those. */
  newestOutput(owner: string, filename: string): Promise<{ job: Job; output: JobOutput } | undefined>;
  /** Pending jobs, of one owner or of all; it counts to `most` and no further. */
  queued(most: number, owner?: string): Promise<number>;
  /** Jobs in each status that has not ended, for gauges. */
  backlog(): Promise<{ pending: number; processing: number }>;
}
