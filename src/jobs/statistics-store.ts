import type { JobStatus } from './states.ts';

/** Which ends of jobs count; every given condition must hold. */
export interface StatisticsFilter {
  readonly owner?: string;
  readonly class?: string;
}

/** From whole hour to whole hour, in milliseconds since the epoch; the end is exclusive. */
export interface Interval {
  readonly start: number;
  readonly end: number;
}

/** The runs of one owner that ended in one interval with one status. */
export interface StatisticsRow {
  /** The interval's. */
  readonly start: number;
  readonly owner: string;
  readonly status: JobStatus;
  readonly jobs: number;
  /** Milliseconds from when they could have started until they did. */
  readonly waitedMs: number;
  /** Milliseconds in work, all attempts together. */
  readonly ranMs: number;
  /** Of completed ones: what was read, and what was made of it. */
  readonly bytesRead: number;
  readonly bytesStored: number;
  readonly pixelsRead: number;
  readonly pixelsStored: number;
}

export interface StatisticsPage {
  /** By interval, owner and status. */
  readonly rows: readonly StatisticsRow[];
  /** Opaque; absent on the last page. */
  readonly nextCursor?: string;
}

/** Rows that one page has at most. */
export const longestStatisticsPage = 1_000;

/**
 * What was done for whom: each end of a job is counted once, with its run, and stays counted when the job is gone.
 * Ends are written down one by one and added up later, so that none waits for another; who asks sees both.
 */
export interface StatisticsStore {
  /**
   * A page of the intervals, which must not overlap. Throws `invalid-request` for a cursor that was not one of ours.
   * A `limit` above `longestStatisticsPage` counts as that.
   */
  list(
    filter: StatisticsFilter,
    intervals: readonly Interval[],
    page: { cursor?: string; limit: number },
  ): Promise<StatisticsPage>;
  /** Adds ends up by the hour, some thousands at most; resolves to how many: 0 when none is left. */
  addUp(): Promise<number>;
  /** Drops hours older than this, some thousands of rows at most; resolves to how many: 0 when none is left. */
  prune(maxAgeMs: number): Promise<number>;
}
