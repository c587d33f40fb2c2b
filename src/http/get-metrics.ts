import Type from 'typebox';
import type { HttpApp, HttpParts } from './http-parts.ts';
import { problems } from './problem.ts';

const schema = {
  tags: ['operation'],
  summary: 'Metrics for Prometheus',
  response: {
    200: { description: 'The text format.', content: { 'text/plain': { schema: Type.String() } } },
    ...problems(403, 503),
  },
};

export function getMetrics(app: HttpApp, { metrics }: HttpParts): void {
  app.get('/metrics', { schema }, async (_request, reply) => {
    const text = await metrics.registry.metrics();
    return reply.type(metrics.registry.contentType).send(text);
  });
}
