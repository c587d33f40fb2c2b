import type { Failure } from './job.ts';
import type { JobStatus } from './states.ts';

/** A job changed its status. `position` only grows; a reader that has seen one has seen all before it. */
export interface JobEvent {
  readonly position: number;
  readonly jobId: string;
  readonly owner: string;
  readonly status: JobStatus;
  readonly run: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly failure?: Failure;
}

export interface EventFilter {
  readonly owner?: string;
  readonly jobId?: string;
}

/**
 * Every change of status, kept for a day, so that a listener who was away can catch up. What it tells is settled: no
 * event at or below a position that it told can appear later. Where transactions become visible out of order it holds
 * events back behind a gap until that is filled, or is too old to be.
 */
export interface EventLog {
  /** The position of the newest event that is settled; 0 when there is none. */
  newest(): Promise<number>;
  /** Settled events after a position, oldest first. */
  after(position: number, filter: EventFilter, limit: number): Promise<JobEvent[]>;
  /** Drops events older than this, some thousands at most; resolves to how many: 0 when none is left. */
  prune(maxAgeMs: number): Promise<number>;
}
