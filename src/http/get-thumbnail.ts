import Type from 'typebox';
import { TintypeError } from '../errors/tintype-error.ts';
import type { HttpApp, HttpParts } from './http-parts.ts';
import { problems } from './problem.ts';
import { imageAnswers, imageMethods, sendOutput } from './send-output.ts';

const schema = {
  tags: ['images'],
  summary: 'Download the newest output of a file name',
  params: Type.Object({
    filename: Type.String({ description: '`thumb_` and the name of the file that was uploaded.' }),
  }),
  response: { ...imageAnswers, ...problems(403, 404, 416, 503) },
};

export function getThumbnail(app: HttpApp, parts: HttpParts): void {
  app.route({
    method: imageMethods,
    url: '/thumbnails/:filename',
    schema,
    handler: async (request, reply) => {
      const { filename } = request.params;
      const newest = filename.startsWith('thumb_')
        ? await parts.store.newestOutput(request.owner, filename)
        : undefined;
      if (newest?.output.stored === undefined) {
        throw new TintypeError('not-found', 'There is no finished image of that file name.');
      }
      // The next job of the same file name takes the address over.
      return sendOutput(request, reply, newest.output, newest.output.stored, parts, 'private, no-cache');
    },
  });
}
