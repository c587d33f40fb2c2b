import { codes } from '../errors/codes.ts';
import { isoTime } from './iso-time.ts';
import type { Job, JobOutput, TriedJob, Try } from './job.ts';
import type { Links } from './links.ts';
import { writeRetention } from './retention.ts';

/** The job as callers see it. */
export function viewJob(job: TriedJob, links: Links) {
  return { ...viewWithoutTries(job, links), tries: job.tries.map(viewTry) };
}

/** The same without its tries, for what is told of its end. */
export function viewWithoutTries(job: Job, links: Links) {
  const first = job.outputs[0];
  return {
    id: job.id,
    status: job.status,
    start: isoTime(job.submittedAt),
    finish: job.endedAt === undefined ? null : isoTime(job.endedAt),
    location:
      job.status === 'complete' && first !== undefined ? links.output(job.id, first.name) : links.job(job.id),
    code: httpCode(job),
    message: statusMessage(job),
    class: job.class ?? null,
    priority: job.priority,
    run: job.run,
    attempts: job.attempts,
    progress: job.progress,
    owner: job.owner,
    notBefore: job.notBefore > job.submittedAt ? isoTime(job.notBefore) : null,
    retention: job.retentionMs === undefined ? null : writeRetention(job.retentionMs),
    source: { ...job.source } as { url?: string; upload?: string; object?: string; filename: string },
    outputs: job.outputs.map(output => viewOutput(job, output, links)),
    metadata: (job.metadata ?? null) as Record<string, unknown> | null,
    expires: job.expiresAt === undefined ? null : isoTime(job.expiresAt),
  };
}

/** 202 on its way, 200 done, otherwise what was wrong. */
export function httpCode({ status, failure }: Pick<Job, 'status' | 'failure'>): number {
  switch (status) {
    case 'pending':
    case 'processing':
      return 202;
    case 'complete':
      return 200;
    case 'failed':
      return codes[failure?.code ?? 'internal'].status;
    case 'cancelled':
      return codes['job-cancelled'].status;
    case 'expired':
      return codes.expired.status;
    default:
      return status satisfies never;
  }
}

/** For a person. */
export function statusMessage({ status, failure }: Pick<Job, 'status' | 'failure'>): string {
  switch (status) {
    case 'pending':
      return failure === undefined ? 'Waiting to start.' : `Waiting to try again: ${failure.message}`;
    case 'processing':
      return 'Being made.';
    case 'complete':
      return 'Complete.';
    case 'failed':
      return failure?.message ?? 'Failed.';
    case 'cancelled':
      return 'Cancelled.';
    case 'expired':
      return 'Expired: its images are deleted.';
    default:
      return status satisfies never;
  }
}

function viewTry({ attempt, run, startedAt, endedAt, result, failure }: Try) {
  return {
    attempt,
    run,
    start: isoTime(startedAt),
    finish: endedAt === undefined ? null : isoTime(endedAt),
    result: result ?? null,
    error: failure ?? null,
  };
}

/** Without another run; what was still to be made when its job expired had been cancelled before. */
function willNotBeMade({ status }: Job): boolean {
  return status === 'cancelled' || status === 'expired';
}

function viewOutput(job: Job, output: JobOutput, links: Links) {
  const { name, filename, options, status, stored } = output;
  // What made the whole job fail made each of its outputs fail.
  const failure = output.failure ?? (status === 'failed' ? job.failure : undefined);
  return {
    name,
    filename,
    ...options,
    status: status === 'pending' && willNotBeMade(job) ? ('cancelled' as const) : status,
    ...(stored !== undefined && { width: stored.width, height: stored.height }),
    bytes: stored?.bytes ?? null,
    contentType: stored?.contentType ?? null,
    sha256: stored?.sha256 ?? null,
    location: status === 'complete' ? links.output(job.id, name) : null,
    error: failure === undefined ? null : { code: failure.code, message: failure.message },
  };
}
