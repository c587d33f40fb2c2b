import { type FastifyBaseLogger, fastify } from 'fastify';
import { Links } from '../jobs/links.ts';
import { localOwner } from '../jobs/owner.ts';
import { closeConnectionsInTime } from '../web/connections.ts';
import { takeJsonAlone } from '../web/json-bodies.ts';
import { refuseBrokenRequest, sendProblem } from '../web/problem.ts';
import { FastifyLog, logRequests, requestId } from '../web/request-log.ts';
import { sendSafetyHeaders } from '../web/safety-headers.ts';
import { refuseUnknownRoutes } from '../web/unknown-route.ts';
import { requireKeys } from './access/authentication.ts';
import { refuseUnclearHost } from './access/host-header.ts';
import { refuseForeignOrigin } from './access/origin-guard.ts';
import { documentation } from './documentation.ts';
import { EventFeed } from './events/event-feed.ts';
import { followEvents } from './events/follow-events.ts';
import { followJob } from './events/follow-job.ts';
import { refuseExpectations } from './expectation.ts';
import { getMetrics } from './get-metrics.ts';
import { getStatistics } from './get-statistics.ts';
import { health } from './health.ts';
import type { HealthParts, HttpApp, HttpParts } from './http-parts.ts';
import { cancelJob } from './jobs/cancel-job.ts';
import { getJob } from './jobs/get-job.ts';
import { listJobs } from './jobs/list-jobs.ts';
import { retryJob } from './jobs/retry-job.ts';
import { retryJobs } from './jobs/retry-jobs.ts';
import { submitJob } from './jobs/submit-job.ts';
import { refuseSlowBodies } from './least-rate.ts';
import { listModels } from './models/list-models.ts';
import { magnify } from './models/magnify.ts';
import { getOutput } from './outputs/get-output.ts';
import { getThumbnail } from './outputs/get-thumbnail.ts';
import { RequestTurns } from './request-turns.ts';
import { dropUnreadAnswers } from './unread-answers.ts';
import { settleUnreadBodies } from './unread-body.ts';
import { gateReading } from './uploads/reading-gate.ts';
import { multipartOverheadBytes } from './uploads/receive-upload.ts';
import { resumableUploads } from './uploads/resumable-uploads.ts';
import { changeEndpoint } from './webhooks/change-endpoint.ts';
import { createEndpoint } from './webhooks/create-endpoint.ts';
import { deleteEndpoint } from './webhooks/delete-endpoint.ts';
import { getEndpoint } from './webhooks/get-endpoint.ts';
import { jobDeliveries } from './webhooks/job-deliveries.ts';
import { listDeliveries } from './webhooks/list-deliveries.ts';
import { listEndpoints } from './webhooks/list-endpoints.ts';
import { replayDelivery } from './webhooks/replay-delivery.ts';
import { rotateSecret } from './webhooks/rotate-secret.ts';

/** A refused body of more than this is not read to its end only to keep the connection. */
const mostDroppedBytes = 67_108_864;

/** No owner's name is empty. */
const nobody = '';

/**
 * The HTTP server, ready to listen. `close()` stops accepting, ends event streams and lets requests finish;
 * it closes none of its parts.
 */
export async function createHttpServer(parts: HttpParts): Promise<HttpApp> {
  const app = await guardedServer(parts);
  const links = new Links(parts.publicUrl);
  const feed = new EventFeed(parts.events, parts.changes, parts.logger);
  app.addHook('preClose', done => {
    feed.stop();
    done();
  });
  await documentation(app, parts);

  submitJob(app, parts, links);
  getJob(app, parts, links);
  listJobs(app, parts, links);
  cancelJob(app, parts, links);
  retryJob(app, parts, links);
  retryJobs(app, parts);
  resumableUploads(app, parts, links);
  getOutput(app, parts);
  getThumbnail(app, parts);
  followJob(app, parts, feed);
  followEvents(app, parts, feed);
  getStatistics(app, parts);
  listModels(app, parts);
  magnify(app, parts, links, feed);
  createEndpoint(app, parts);
  listEndpoints(app, parts);
  getEndpoint(app, parts);
  changeEndpoint(app, parts);
  deleteEndpoint(app, parts);
  rotateSecret(app, parts);
  jobDeliveries(app, parts);
  listDeliveries(app, parts);
  replayDelivery(app, parts);
  health(app, parts);
  getMetrics(app, parts);

  await app.ready();
  return app;
}

/** The same for a process without the role `api`: it tells how it is, and nothing else. */
export async function createHealthServer(parts: HealthParts): Promise<HttpApp> {
  const app = await guardedServer(parts);
  health(app, parts);
  getMetrics(app, parts);
  await app.ready();
  return app;
}

/** Knows who calls, and refuses what is broken, foreign, too slow or not there. */
async function guardedServer(parts: HealthParts): Promise<HttpApp> {
  const app = bareServer(parts.logger);
  closeConnectionsInTime(app);
  // Where nobody signs in, there is nobody to hide anything from; elsewhere nothing is seen until a key is known.
  app.decorateRequest('owner', parts.authentication ? nobody : localOwner);
  app.decorateRequest('visibleOwner', parts.authentication ? nobody : undefined);
  sendSafetyHeaders(app);
  logRequests(app, parts.metrics);
  gateReading(app);
  refuseSlowBodies(app);
  dropUnreadAnswers(app);
  refuseExpectations(app);
  app.addHook('onRequest', (request, _reply, done) => {
    refuseUnclearHost(request.raw);
    if (parts.loopbackOnly) refuseForeignOrigin(request.headers);
    done();
  });
  if (parts.authentication) await requireKeys(app, parts.authentication, parts.logger);
  settleUnreadBodies(app, Math.min(parts.maxUploadBytes, mostDroppedBytes) + multipartOverheadBytes);
  app.setErrorHandler(sendProblem);
  refuseUnknownRoutes(app);
  return app;
}

function bareServer(logger: FastifyBaseLogger): HttpApp {
  const turns = new RequestTurns();
  const app: HttpApp = fastify({
    loggerInstance: logger,
    logController: new FastifyLog(),
    genReqId: requestId,
    // Headers have to arrive in time; a body may take long, at a least rate (`refuseSlowBodies`).
    // The low mark keeps Node from reading on while any byte waits to be taken: 413 must come near the limit.
    // Node's own refusal of a request without "Host" has no body and no headers: `refuseUnclearHost` has.
    http: {
      headersTimeout: 20_000,
      connectionsCheckingInterval: 5_000,
      highWaterMark: 1,
      requireHostHeader: false,
    },
    requestTimeout: 0,
    return503OnClosing: false,
    clientErrorHandler: refuseBrokenRequest,
    // A path that is none: no hook runs.
    frameworkErrors: (error, request, reply) =>
      turns.take(request.raw, reply.raw, () => sendProblem(error, request, reply)),
    // A file name of 255 bytes, each written as %XX.
    routerOptions: { maxParamLength: 1024 },
    ajv: {
      customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, verbose: true },
    },
  });
  app.addHook('onRequest', (request, reply, done) => turns.take(request.raw, reply.raw, done));
  takeJsonAlone(app);
  // JSON.stringify instead of a serializer compiled from each schema: quicker to start, and it leaves nothing out.
  app.setSerializerCompiler(() => JSON.stringify);
  return app;
}
