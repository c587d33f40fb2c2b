import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { JobOutput, StoredOutput } from '../../jobs/job.ts';
import type { JobStore } from '../../jobs/job-store.ts';
import { problems } from '../../web/problem.ts';
import type { HttpApp, HttpParts } from '../http-parts.ts';
import { expired } from './get-output.ts';
import { imageAnswers, imageMethods, sendOutput } from './send-output.ts';

const schema = {
  tags: ['images'],
  summary: 'Download the newest output of a file name',
  description:
    '404 also while the first of that name is being made; `/jobs/{id}/outputs/{name}` tells the difference.',
  params: Type.Object({
    filename: Type.String({ description: '`thumb_` and the name of the file that was uploaded.' }),
  }),
  response: { ...imageAnswers, ...problems(403, 404, 410, 416, 503) },
};

export function getThumbnail(app: HttpApp, parts: HttpParts): void {
  app.route({
    method: imageMethods,
    url: '/thumbnails/:filename',
    schema,
    handler: async (request, reply) => {
      const newest = await newestImage(request.owner, request.params.filename, parts.store);
      try {
        return await sendImage(request, reply, newest, parts);
      } catch (error) {
        // It may have expired in between, and an older one may be kept longer.
        const now = await newestImage(request.owner, request.params.filename, parts.store);
        if (now.stored.key === newest.stored.key) throw error;
        return sendImage(request, reply, now, parts);
      }
    },
  });
}

interface Image {
  readonly output: JobOutput;
  readonly stored: StoredOutput;
}

/** Throws `not-found`, or `expired` when all there were are. */
async function newestImage(owner: string, filename: string, store: JobStore): Promise<Image> {
  const newest = filename.startsWith('thumb_') ? await store.newestOutput(owner, filename) : undefined;
  if (newest?.output.status === 'expired') throw expired();
  if (newest?.output.stored === undefined) {
    throw new TintypeError('not-found', 'There is no image of that file name, or none that is finished yet.');
  }
  return { output: newest.output, stored: newest.output.stored };
}

/** The next job of the same file name takes the address over, so no answer may be kept unasked. */
function sendImage(
  request: FastifyRequest,
  reply: FastifyReply,
  { output, stored }: Image,
  parts: HttpParts,
): Promise<FastifyReply> {
  return sendOutput(request, reply, output, stored, parts, 'private, no-cache');
}
