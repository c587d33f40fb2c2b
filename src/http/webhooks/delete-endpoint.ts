import Type from 'typebox';
import { problems } from '../../web/problem.ts';
import type { HttpApp, HttpParts } from '../http-parts.ts';
import { endpointParams } from './endpoint-view.ts';

const schema = {
  tags: ['webhooks'],
  summary: 'Delete a webhook endpoint',
  description: 'Deliveries to it that have not ended are given up.',
  params: endpointParams,
  response: { 204: Type.Null({ description: 'It is gone.' }), ...problems(403, 404, 503) },
};

export function deleteEndpoint(app: HttpApp, { endpoints }: HttpParts): void {
  app.delete('/webhook-endpoints/:id', { schema }, async (request, reply) => {
    await endpoints.remove(request.params.id, request.visibleOwner);
    return reply.code(204).send(null);
  });
}
