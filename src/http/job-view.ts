import Type, { type Static } from 'typebox';
import { codes } from '../errors/codes.ts';
import { type Job, type JobOutput, priorities, type Source } from '../jobs/job.ts';
import { type JobStatus, jobStatuses } from '../jobs/states.ts';
import type { Links } from './links.ts';

const nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);
const time = (description: string) => Type.String({ format: 'date-time', description });

export const jobStatusSchema = Type.Enum(jobStatuses as [JobStatus, ...JobStatus[]], { type: 'string' });

const outputViewSchema = Type.Object(
  {
    name: Type.String(),
    filename: Type.String({ description: 'The name under which it is downloaded.' }),
    status: Type.Enum(['pending', 'complete', 'failed', 'expired'], { type: 'string' }),
    width: Type.Optional(
      Type.Integer({
        description: 'In pixels; until it is complete, what was asked for, if that was asked for.',
      }),
    ),
    height: Type.Optional(Type.Integer({ description: 'As width.' })),
    bytes: nullable(Type.Integer()),
    contentType: nullable(Type.String()),
    sha256: nullable(Type.String({ description: 'Hex.' })),
    location: nullable(Type.String({ description: 'Where the image is, once it is complete.' })),
    error: nullable(Type.Object({ code: Type.String(), message: Type.String() })),
  },
  { title: 'OutputView', description: 'An output: the options that were asked for, and what came of them.' },
);

export const jobViewSchema = Type.Object(
  {
    id: Type.String({ format: 'uuid', description: 'A UUIDv7, so ids sort by time.' }),
    status: jobStatusSchema,
    start: time('When the job was submitted.'),
    finish: nullable(time('When it ended.')),
    location: Type.String({ description: "The job's own address; once it is complete, its first output's." }),
    code: Type.Integer({
      description: '202 on its way, 200 complete, 4xx the input is at fault, 5xx we are.',
    }),
    message: Type.String({ description: 'How it stands, for a person.' }),
    class: nullable(Type.String()),
    priority: Type.Enum([...priorities], { type: 'string' }),
    run: Type.Integer({ description: '1, and one more after each retry.' }),
    attempts: Type.Integer({ description: 'Tries of this run so far.' }),
    progress: Type.Number({ minimum: 0, maximum: 1 }),
    owner: Type.String(),
    source: Type.Object({
      url: Type.Optional(Type.String()),
      upload: Type.Optional(Type.String()),
      object: Type.Optional(Type.String()),
      filename: Type.String(),
    }),
    outputs: Type.Array(outputViewSchema),
    metadata: nullable(Type.Record(Type.String(), Type.Unknown())),
    expires: nullable(time('Once it has ended: when its images are deleted, or were. Null if never.')),
  },
  { $id: 'Job', title: 'Job', description: 'One request: one source image, one or more outputs.' },
);

export type JobView = Static<typeof jobViewSchema>;

/** For an endpoint's schema: answers with a job. */
export const jobAnswer = Type.Unsafe<JobView>(Type.Ref('Job', { description: 'The job.' }));

/** The job as callers see it. */
export function viewJob(job: Job, links: Links): JobView {
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
    source: viewSource(job.source),
    outputs: job.outputs.map(output => viewOutput(job, output, links)),
    metadata: job.metadata ?? null,
    expires: job.expiresAt === undefined ? null : isoTime(job.expiresAt),
  };
}

export function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
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
      return 410;
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

function viewSource(source: Source): JobView['source'] {
  return { ...source };
}

function viewOutput(job: Job, output: JobOutput, links: Links): JobView['outputs'][number] {
  const { name, filename, options, status, stored } = output;
  // What made the whole job fail made each of its outputs fail.
  const failure = output.failure ?? (status === 'failed' ? job.failure : undefined);
  return {
    name,
    filename,
    ...options,
    status,
    ...(stored !== undefined && { width: stored.width, height: stored.height }),
    bytes: stored?.bytes ?? null,
    contentType: stored?.contentType ?? null,
    sha256: stored?.sha256 ?? null,
    location: status === 'complete' ? links.output(job.id, name) : null,
    error: failure === undefined ? null : { code: failure.code, message: failure.message },
  };
}
