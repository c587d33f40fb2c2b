import { v7 as uuidv7 } from 'uuid';
import { webhookEvents } from '../../jobs/webhook.ts';
import { newSigningSecret } from '../../secrets/signing-secret.ts';
import { problems } from '../../web/problem.ts';
import type { HttpApp, HttpParts } from '../http-parts.ts';
import { checkedEndpoint, newEndpointSchema } from './endpoint-request.ts';
import { endpointWithSecretSchema, viewEndpoint } from './endpoint-view.ts';

const schema = {
  tags: ['webhooks'],
  summary: 'Be told of all your jobs at an address',
  description: 'The signing secret is shown in this answer and never again.',
  body: newEndpointSchema,
  response: { 201: endpointWithSecretSchema, ...problems(400, 403, 409, 503) },
};

export function createEndpoint(app: HttpApp, parts: HttpParts): void {
  app.post('/webhook-endpoints', { schema }, async (request, reply) => {
    const secret = newSigningSecret();
    const { url } = request.body;
    const endpoint = await parts.endpoints.create({
      events: webhookEvents,
      enabled: true,
      url,
      ...checkedEndpoint(request.body, parts),
      id: uuidv7(),
      owner: request.owner,
      secret: parts.secrets.seal(secret),
    });
    void reply.code(201).header('location', `/webhook-endpoints/${endpoint.id}`);
    void reply.header('cache-control', 'no-store');
    return { ...viewEndpoint(endpoint), secret };
  });
}
