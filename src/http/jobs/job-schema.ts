import Type, { type Static } from 'typebox';
import { longestTries, priorities } from '../../jobs/job.ts';
import { type JobStatus, jobStatuses } from '../../jobs/states.ts';
import { nullable } from '../../web/nullable.ts';

const time = (description: string) => Type.String({ format: 'date-time', description });

export const jobStatusSchema = Type.Enum(jobStatuses as [JobStatus, ...JobStatus[]], { type: 'string' });

const outputViewSchema = Type.Object(
  {
    name: Type.String(),
    filename: Type.String({ description: 'The name under which it is downloaded.' }),
    status: Type.Enum(['pending', 'complete', 'failed', 'cancelled', 'expired'], { type: 'string' }),
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

const tryViewSchema = Type.Object(
  {
    attempt: Type.Integer({
      description: 'Its number: 1, 2, … over all runs, also of tries that don’t count.',
    }),
    run: Type.Integer(),
    start: time('When a worker took the job.'),
    finish: nullable(time('When it ended.')),
    result: nullable(
      Type.Enum(['complete', 'failed', 'requeued', 'lost', 'cancelled'], {
        type: 'string',
        description:
          'requeued: given back, to be tried again. lost: its worker was not heard of any more. Null while it runs.',
      }),
    ),
    error: nullable(Type.Object({ code: Type.String(), message: Type.String() })),
  },
  { title: 'TryView', description: 'One attempt at a job.' },
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
    attempts: Type.Integer({ description: 'How many tries of this run count, as far as they have ended.' }),
    tries: Type.Array(tryViewSchema, {
      description: `The last ${longestTries} attempts of all runs, oldest first, also those that don't count.`,
    }),
    progress: Type.Number({
      minimum: 0,
      maximum: 1,
      description: 'Of the attempt under way, in hundredths; 1 once it is complete.',
    }),
    owner: Type.String(),
    notBefore: nullable(
      time('It did or does not start before this: as submitted, or since a retry or a failed attempt.'),
    ),
    retention: nullable(
      Type.String({ description: 'How long its images are kept after its end, such as 7d. Null for ever.' }),
    ),
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
