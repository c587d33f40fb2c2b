import type { Selectable } from 'kysely';
import type { JobEvent } from '../../jobs/event-log.ts';
import {
  type Failure,
  type Job,
  type JobOutput,
  type NewJob,
  priorities,
  type StoredOutput,
  type Try,
} from '../../jobs/job.ts';
import type { AttemptsTable, EventsTable, JobsTable, OutputsTable } from '../tables.ts';

type JobRow = Selectable<JobsTable>;
type OutputRow = Selectable<OutputsTable>;

/** @param outputs the rows of this job, in any order. */
export function toJob(row: JobRow, outputs: readonly OutputRow[]): Job {
  const priority = priorities[row.priority];
  if (priority === undefined) throw new Error(`job ${row.id} has the unknown priority ${row.priority}`);
  return {
    id: row.id,
    owner: row.owner,
    status: row.status,
    priority,
    ...(row.class !== null && { class: row.class }),
    run: row.run,
    attempts: row.attempts,
    progress: row.progress,
    source: JSON.parse(row.source),
    outputs: outputs.toSorted((a, b) => a.position - b.position).map(toOutput),
    ...(row.metadata !== null && { metadata: JSON.parse(row.metadata) }),
    submittedAt: row.submitted_at,
    notBefore: row.not_before,
    ...(row.retention_ms !== null && { retentionMs: row.retention_ms }),
    ...(row.started_at !== null && { startedAt: row.started_at }),
    ...(row.ended_at !== null && { endedAt: row.ended_at }),
    ...(row.expires_at !== null && { expiresAt: row.expires_at }),
    ...(row.failure !== null && { failure: toFailure(row.failure) }),
  };
}

/** Jobs in the order of their rows. */
export function toJobs(rows: readonly JobRow[], outputs: readonly OutputRow[]): Job[] {
  const byJob = Map.groupBy(outputs, output => output.job_id);
  return rows.map(row => toJob(row, byJob.get(row.id) ?? []));
}

export function toOutput(row: OutputRow): JobOutput {
  return {
    name: row.name,
    filename: row.filename,
    options: JSON.parse(row.options),
    status: row.expired === 1 ? 'expired' : row.status,
    ...(row.stored !== null && { stored: JSON.parse(row.stored) as StoredOutput }),
    ...(row.failure !== null && { failure: toFailure(row.failure) }),
  };
}

export function toTry(row: Selectable<AttemptsTable>): Try {
  return {
    attempt: row.attempt,
    run: row.run,
    startedAt: row.started_at,
    ...(row.ended_at !== null && { endedAt: row.ended_at }),
    ...(row.result !== null && { result: row.result }),
    ...(row.failure !== null && { failure: toFailure(row.failure) }),
  };
}

export function toEvent(row: Selectable<EventsTable>): JobEvent {
  return {
    position: row.position,
    jobId: row.job_id,
    owner: row.owner,
    status: row.status,
    run: row.run,
    at: row.at,
    ...(row.failure !== null && { failure: toFailure(row.failure) }),
  };
}

/** A new job, and where it stands in the group that it came with. */
export type RecordedJob = NewJob & {
  readonly group?: {
    readonly id: string;
    readonly part: string;
    readonly orderKey: string | null;
    readonly blocked: 0 | 1;
  };
};

/** What a new job brings into its row; the database adds the times. */
export function fromNewJob(job: RecordedJob) {
  return {
    id: job.id,
    owner: job.owner,
    priority: priorities.indexOf(job.priority),
    class: job.class ?? null,
    source: JSON.stringify(job.source),
    metadata: job.metadata === undefined ? null : JSON.stringify(job.metadata),
    webhooks: job.webhooks === undefined ? null : JSON.stringify(job.webhooks),
    upload: 'upload' in job.source ? job.source.upload : null,
    retentionMs: job.retentionMs ?? null,
    notBefore: job.notBefore ?? 0,
    groupId: job.group?.id ?? null,
    part: job.group?.part ?? null,
    orderKey: job.group?.orderKey ?? null,
    blocked: job.group?.blocked ?? 0,
  };
}

/** A new job's rows of outputs. */
export function fromOutputs(job: NewJob): OutputRow[] {
  return job.outputs.map((output, position) => ({
    job_id: job.id,
    name: output.name,
    position,
    owner: job.owner,
    filename: output.filename,
    options: JSON.stringify(output.options),
    status: 'pending' as const,
    stored: null,
    failure: null,
    expired: 0 as const,
  }));
}

export function fromFailure(failure: Failure): string {
  return JSON.stringify({ code: failure.code, message: failure.message });
}

function toFailure(json: string): Failure {
  return JSON.parse(json) as Failure;
}
