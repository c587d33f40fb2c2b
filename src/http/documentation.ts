import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import { version } from '../program/version.ts';
import { problemSchema, problems } from '../web/problem.ts';
import { pagePolicy } from '../web/safety-headers.ts';
import { isOpen } from './access/authentication.ts';
import type { HttpApp, HttpParts } from './http-parts.ts';
import { jobViewSchema } from './jobs/job-schema.ts';

/** Register before the endpoints: the description is collected from their schemas. */
export async function documentation(app: HttpApp, { publicUrl, authentication }: HttpParts): Promise<void> {
  app.addSchema(jobViewSchema);
  app.addSchema(problemSchema);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tintype',
        version,
        description: 'Takes an image, makes new images from it in the background, tells whoever asked.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      ...(publicUrl !== undefined && { servers: [{ url: publicUrl }] }),
      components: {
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer', description: 'An API key: `tintype keys create`.' },
        },
      },
      // The empty one: none is needed either.
      security: authentication === undefined ? [{ key: [] }, {}] : [{ key: [] }],
    },
    transform: ({ schema, url }) => ({
      schema: isOpen(url) ? { ...schema, security: [] } : refusals(schema),
      url,
    }),
    refResolver: {
      buildLocalReference: ({ $id }, _base, _fragment, index) => String($id ?? `schema${index}`),
    },
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: pagePolicy,
    uiHooks: { preHandler: redirectCopies },
  });
  // Its bytes are the same for all, also for those that are slow to read them.
  let description: Buffer | undefined;
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => {
    description ??= Buffer.from(JSON.stringify(app.swagger()));
    return reply.type('application/json; charset=utf-8').send(description);
  });
  app.get('/', { schema: { hide: true } }, async (_request, reply) => reply.redirect('/docs'));
}

/** The page has the description at addresses of its own. */
function redirectCopies(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  const { url } = request.routeOptions;
  if (url === '/docs/json' || url === '/docs/yaml') void reply.redirect('../openapi.json');
  else done();
}

/** What every endpoint may answer that is not open to everybody. */
function refusals(schema: FastifySchema): FastifySchema {
  const response = schema?.response as object | undefined;
  return response === undefined ? schema : { ...schema, response: { ...response, ...problems(401, 429) } };
}
