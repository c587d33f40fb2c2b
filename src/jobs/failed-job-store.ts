import type { ErrorCode } from '../errors/codes.ts';
import type { Source } from './job.ts';

/** Which failed jobs; every given condition must hold. Times are milliseconds since the epoch, of submission. */
export interface FailedJobFilter {
  readonly owner?: string;
  /** Any of these made it fail. */
  readonly codes?: readonly ErrorCode[];
  readonly class?: string;
  /** Inclusive. */
  readonly from?: number;
  /** Exclusive. */
  readonly to?: number;
}

export interface FailedJob {
  readonly id: string;
  readonly source: Source;
}

export interface FailedJobPage {
  /** In the order of their submission. */
  readonly jobs: readonly FailedJob[];
  /** Opaque; absent on the last page. */
  readonly nextCursor?: string;
}

/** The jobs that failed, as a queue of dead letters. A call takes some milliseconds, however many there are. */
export interface FailedJobStore {
  /** Some of them. A page may be empty and not the last: a call looks at 100 failed jobs of the owner. */
  page(filter: FailedJobFilter, cursor?: string): Promise<FailedJobPage>;
  /** The next run of those that are still failed, 200 at most; resolves to how many. */
  retry(ids: readonly string[]): Promise<number>;
}
