import type { NewExport } from './intake-store.ts';
import type { Failure, StoredOutput } from './job.ts';

/** What became of one part of a group. Times are milliseconds since the epoch. */
export interface ReportedPart {
  readonly part: string;
  /** Absent where the part was refused before any job. */
  readonly jobId?: string;
  readonly status: 'complete' | 'failed' | 'cancelled' | 'expired';
  /** Unless complete or expired. */
  readonly failure?: Failure;
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** In the order in which they were asked for; only when complete. */
  readonly outputs: readonly Omit<StoredOutput, 'sha256'>[];
}

/**
 * What is told of a group that has ended: facts, fixed then, of which the deliveries make their messages. The stored
 * body of each delivery of a group.
 */
export interface GroupReport {
  readonly id: string;
  /** As the intake gave it. */
  readonly context: unknown;
  /** Milliseconds since the epoch. */
  readonly endedAt: number;
  /** Those with jobs, in the order of these jobs' ids, then those that were refused. */
  readonly parts: readonly ReportedPart[];
  /** All that were asked for; those of parts that are not complete were not made. */
  readonly exports: readonly NewExport[];
}
