import Type from 'typebox';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { Job, JobOutput } from '../../jobs/job.ts';
import { hasEnded } from '../../jobs/states.ts';
import { problems } from '../../web/problem.ts';
import type { HttpApp, HttpParts } from '../http-parts.ts';
import { requireJob } from '../jobs/get-job.ts';
import { imageAnswers, imageMethods, sendOutput } from './send-output.ts';

const retryAfterSeconds = 1;
const yearSeconds = 31_536_000;

const schema = {
  tags: ['images'],
  summary: 'Download an output',
  description: 'One range of bytes may be asked for. 409 with `Retry-After` while the image is being made.',
  params: Type.Object({
    id: Type.String({ description: "The job's id." }),
    name: Type.String({ description: "The output's name." }),
  }),
  response: { ...imageAnswers, ...problems(403, 404, 409, 410, 416, 503) },
};

export function getOutput(app: HttpApp, parts: HttpParts): void {
  app.route({
    method: imageMethods,
    url: '/jobs/:id/outputs/:name',
    schema,
    handler: async (request, reply) => {
      const job = await requireJob(request.params.id, request.visibleOwner, parts.store);
      const output = job.outputs.find(({ name }) => name === request.params.name);
      if (output !== undefined && job.status === 'expired') throw expired();
      if (output?.stored === undefined) throw missing(job, output);
      const kept = `private, max-age=${secondsLeft(job)}, immutable`;
      try {
        return await sendOutput(request, reply, output, output.stored, parts, kept);
      } catch (error) {
        // It may have expired in between.
        const now = await parts.store.get(job.id);
        throw now === undefined || now.status === 'expired' ? expired() : error;
      }
    },
  });
}

/** How long a caller may keep the image: an output never changes, but it goes with its job. At most a year. */
function secondsLeft({ expiresAt }: Job): number {
  const left = expiresAt === undefined ? yearSeconds : Math.floor((expiresAt - Date.now()) / 1000);
  return Math.max(0, Math.min(yearSeconds, left));
}

export function expired(): TintypeError {
  return new TintypeError('expired', 'The image is expired and deleted.');
}

function missing(job: Job, output: JobOutput | undefined): TintypeError {
  if (output === undefined) return new TintypeError('not-found', 'The job has no such output.');
  if (hasEnded(job.status)) {
    return new TintypeError('not-found', `The job is ${job.status}: this output was not made.`);
  }
  return new TintypeError('output-not-ready', 'The image is still being made.', {
    retryAfter: retryAfterSeconds,
  });
}
