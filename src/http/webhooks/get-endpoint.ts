import { TintypeError } from '../../errors/tintype-error.ts';
import { problems } from '../../web/problem.ts';
import type { HttpApp, HttpParts } from '../http-parts.ts';
import { endpointParams, endpointSchema, viewEndpoint } from './endpoint-view.ts';

const schema = {
  tags: ['webhooks'],
  summary: 'Show a webhook endpoint',
  params: endpointParams,
  response: { 200: endpointSchema, ...problems(403, 404, 503) },
};

export function getEndpoint(app: HttpApp, { endpoints }: HttpParts): void {
  app.get('/webhook-endpoints/:id', { schema }, async request => {
    const endpoint = await endpoints.get(request.params.id, request.visibleOwner);
    if (endpoint === undefined) throw new TintypeError('not-found', 'There is no such webhook endpoint.');
    return viewEndpoint(endpoint);
  });
}
