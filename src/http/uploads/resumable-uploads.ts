import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { Links } from '../../jobs/links.ts';
import { problems } from '../../web/problem.ts';
import type { HttpApp, HttpParts } from '../http-parts.ts';
import { answerTus } from './tus-answer.ts';
import { UploadLocks } from './upload-locks.ts';

const params = Type.Object({ id: Type.String({ description: "The upload's id: a job's `source.upload`." }) });
const tus = { tags: ['uploads'], externalDocs: { url: 'https://tus.io/protocols/resumable-upload' } };
const done = (description: string) => Type.Null({ description });

/** Resumable uploads by tus 1.0: the official server speaks the protocol, our stores keep the bytes. */
export function resumableUploads(app: HttpApp, parts: HttpParts, links: Links): void {
  const context = { parts, links, locks: new UploadLocks(parts.partialUploads, parts.logger) };
  const handler = (request: FastifyRequest, reply: FastifyReply) => answerTus(request, reply, context);
  // Also on what is refused before the protocol has its turn.
  const onSend = async (_request: FastifyRequest, reply: FastifyReply) => {
    reply.header('tus-resumable', '1.0.0');
  };
  // Leaves the bytes to the handler.
  app.addContentTypeParser('application/offset+octet-stream', (_request, _payload, done) => done(null));

  const describe = (summary: string, response: object, path?: { params: typeof params }) => ({
    schema: { ...tus, summary, ...path, response },
    onSend,
  });
  const refusals = problems(400, 403, 404, 412, 503);
  app.options('/uploads', describe('What the server can do', { 204: done('The extensions.') }), handler);
  app.post(
    '/uploads',
    describe('Start a resumable upload', {
      201: done('Made; `Location` says where.'),
      ...refusals,
      ...problems(408, 413, 415, 422, 429, 460),
    }),
    handler,
  );
  const path = { params };
  app.head(
    '/uploads/:id',
    describe(
      'How much has come',
      { 200: done('`Upload-Offset` says it.'), ...refusals, ...problems(423) },
      path,
    ),
    handler,
  );
  app.patch(
    '/uploads/:id',
    describe(
      'Send the next piece',
      { 204: done('It is durable.'), ...refusals, ...problems(408, 409, 413, 415, 422, 423, 460) },
      path,
    ),
    handler,
  );
  app.delete(
    '/uploads/:id',
    describe('Delete an upload', { 204: done('Deleted.'), ...refusals, ...problems(409, 423) }, path),
    handler,
  );
}
