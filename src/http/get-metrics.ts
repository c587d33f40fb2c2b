import Type from 'typebox';
import { TintypeError } from '../errors/tintype-error.ts';
import { problems } from '../web/problem.ts';
import { isLoopbackCaller } from './access/loopback-caller.ts';
import type { HealthParts, HttpApp } from './http-parts.ts';

const schema = {
  tags: ['operation'],
  summary: 'Metrics for Prometheus',
  description:
    'With a key, or from the same machine. What only the job store knows is left out while it is away.',
  response: {
    200: { description: 'The text format.', content: { 'text/plain': { schema: Type.String() } } },
    ...problems(403, 503),
  },
};

export function getMetrics(app: HttpApp, { metrics, authentication }: HealthParts): void {
  app.get('/metrics', { schema }, async (request, reply) => {
    if (authentication === undefined && !isLoopbackCaller(request)) throw forbidden();
    const text = await metrics.registry.metrics();
    return reply.type(metrics.registry.contentType).send(text);
  });
}

function forbidden(): TintypeError {
  return new TintypeError(
    'forbidden',
    'Without keys (AUTH=off) metrics are for callers on the same machine.',
  );
}
