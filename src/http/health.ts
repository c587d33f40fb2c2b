import { liveSchema, health as webHealth } from '../web/health.ts';
import type { HealthParts, HttpApp } from './http-parts.ts';

/** While one of these is away, jobs are taken and made all the same, if later. */
const spareParts = new Set(['jobQueue', 'kafkaIntake', 'sqsIntake']);

const pingSchema = { ...liveSchema, summary: 'The same as /health/live' };

export function health(app: HttpApp, { readiness }: HealthParts): void {
  webHealth(app, readiness, spareParts);
  app.get('/ping', { schema: pingSchema }, async () => ({ status: 'ok' as const }));
}
