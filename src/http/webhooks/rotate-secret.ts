import { newSigningSecret } from '../../secrets/signing-secret.ts';
import { problems } from '../../web/problem.ts';
import type { HttpApp, HttpParts } from '../http-parts.ts';
import { endpointParams, endpointWithSecretSchema, viewEndpoint } from './endpoint-view.ts';

/** How long the old secret signs as well. */
const overlapMs = 24 * 3_600_000;

const schema = {
  tags: ['webhooks'],
  summary: "Renew a webhook endpoint's signing secret",
  description: 'The new one is shown in this answer and never again. For 24 hours both sign.',
  params: endpointParams,
  response: { 200: endpointWithSecretSchema, ...problems(403, 404, 503) },
};

export function rotateSecret(app: HttpApp, { endpoints, secrets }: HttpParts): void {
  app.post('/webhook-endpoints/:id/rotate', { schema }, async (request, reply) => {
    const secret = newSigningSecret();
    const { id } = request.params;
    const endpoint = await endpoints.rotate(id, secrets.seal(secret), overlapMs, request.visibleOwner);
    void reply.header('cache-control', 'no-store');
    return { ...viewEndpoint(endpoint), secret };
  });
}
