import Type from 'typebox';
import { problems } from '../../web/problem.ts';
import type { HttpApp, HttpParts } from '../http-parts.ts';
import { nextCursorField, numericLimit, pageFields, pageOf } from '../page-query.ts';
import { endpointSchema, viewEndpoint } from './endpoint-view.ts';

const schema = {
  tags: ['webhooks'],
  summary: 'List webhook endpoints, newest first',
  querystring: Type.Object(pageFields(), { additionalProperties: false }),
  response: {
    200: Type.Object(
      { endpoints: Type.Array(endpointSchema), nextCursor: nextCursorField },
      { description: 'A page of endpoints.' },
    ),
    ...problems(400, 403, 503),
  },
};

export function listEndpoints(app: HttpApp, { endpoints }: HttpParts): void {
  app.get('/webhook-endpoints', { schema, preValidation: numericLimit }, async request => {
    const page = await endpoints.list(request.visibleOwner, pageOf(request.query));
    return { endpoints: page.endpoints.map(viewEndpoint), nextCursor: page.nextCursor ?? null };
  });
}
