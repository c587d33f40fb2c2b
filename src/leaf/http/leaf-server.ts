import { type FastifyBaseLogger, fastify } from 'fastify';
import { closeConnectionsInTime } from '../../web/connections.ts';
import { health, type Readiness } from '../../web/health.ts';
import type { HttpApp } from '../../web/http-app.ts';
import { takeJsonAlone } from '../../web/json-bodies.ts';
import { refuseBrokenRequest, sendProblem } from '../../web/problem.ts';
import { FastifyLog, logRequests, requestId } from '../../web/request-log.ts';
import { sendSafetyHeaders } from '../../web/safety-headers.ts';
import { refuseUnknownRoutes } from '../../web/unknown-route.ts';
import type { LeafMetrics } from '../leaf-metrics.ts';

export interface LeafServerParts {
  /** Each part with what is wrong with it, or null. */
  readonly readiness: Readiness;
  /** Those of them without which requests are answered all the same. */
  readonly spareParts: readonly string[];
  readonly metrics: LeafMetrics;
  readonly logger: FastifyBaseLogger;
}

/** A server that answers `/ping` and the health routes, with or without a slash at the end; the rest is added to it. */
export function leafServer({ readiness, spareParts, metrics, logger }: LeafServerParts): HttpApp {
  const app = bareServer(logger);
  logRequests(app, metrics);
  app.get('/ping', async (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(JSON.stringify('Hello, I am alive')),
  );
  health(app, readiness, new Set(spareParts));
  return app;
}

/** `GET /metrics` alone. */
export function metricsServer({ registry }: LeafMetrics, logger: FastifyBaseLogger): HttpApp {
  const app = bareServer(logger);
  app.get('/metrics', async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
  return app;
}

function bareServer(logger: FastifyBaseLogger): HttpApp {
  const app: HttpApp = fastify({
    loggerInstance: logger,
    logController: new FastifyLog(),
    genReqId: requestId,
    requestTimeout: 30_000,
    return503OnClosing: false,
    clientErrorHandler: refuseBrokenRequest,
    frameworkErrors: sendProblem,
    routerOptions: { ignoreTrailingSlash: true },
    ajv: {
      customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, verbose: true },
    },
  });
  takeJsonAlone(app);
  app.setSerializerCompiler(() => JSON.stringify);
  closeConnectionsInTime(app);
  sendSafetyHeaders(app);
  app.setErrorHandler(sendProblem);
  refuseUnknownRoutes(app);
  return app;
}
