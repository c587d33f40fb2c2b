import { problems } from '../../web/problem.ts';
import type { HttpApp, HttpParts } from '../http-parts.ts';
import { checkedEndpoint, endpointChangesSchema } from './endpoint-request.ts';
import { endpointParams, endpointSchema, viewEndpoint } from './endpoint-view.ts';

const schema = {
  tags: ['webhooks'],
  summary: 'Change a webhook endpoint',
  description: 'What is left out stays. `enabled: true` switches an endpoint on again that answered 410.',
  params: endpointParams,
  body: endpointChangesSchema,
  response: { 200: endpointSchema, ...problems(400, 403, 404, 503) },
};

export function changeEndpoint(app: HttpApp, parts: HttpParts): void {
  app.patch('/webhook-endpoints/:id', { schema }, async request => {
    const changes = checkedEndpoint(request.body, parts);
    return viewEndpoint(await parts.endpoints.change(request.params.id, changes, request.visibleOwner));
  });
}
