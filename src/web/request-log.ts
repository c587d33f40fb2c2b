import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type FastifyError, type FastifyRequest, LogController } from 'fastify';
import type { Metrics } from '../telemetry/metrics.ts';
import type { HttpApp } from './http-app.ts';

/** The caller's `X-Request-Id` where it is printable and short, else a new one. */
export function requestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.:/+=@-]{1,128}$/.test(given) ? given : randomUUID();
}

/** Fastify's own lines, of which `logRequests` leaves one: an answer that broke off on our side after it had begun. */
export class FastifyLog extends LogController {
  constructor() {
    super({ disableRequestLogging: true });
  }

  override streamError(error: Error, request: FastifyRequest): void {
    // The client has hung up: every follower of events does.
    if ((error as FastifyError).code === 'ERR_STREAM_PREMATURE_CLOSE') return;
    request.log.warn({ err: error }, 'an answer broke off');
  }
}

/** Returns the request's id, counts each request and writes a line for it: `info` if it changes something, else `debug`. */
export function logRequests(app: HttpApp, metrics: Pick<Metrics, 'requestSeconds'>): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { method } = request;
    // The pattern, not the path: a path would make a series of its own for every job.
    const route = request.routeOptions.url ?? 'none';
    const status = reply.statusCode;
    metrics.requestSeconds.observe({ method, route, status }, reply.elapsedTime / 1000);
    const level = method === 'GET' || method === 'HEAD' ? 'debug' : 'info';
    request.log[level]({ ...requestFacts(request), status, ms: Math.round(reply.elapsedTime) }, 'request');
    done();
  });
}

/** What a line says of a request. Without the query: it may hold what the caller would not want to see in a log. */
export function requestFacts({ method, url }: FastifyRequest): { method: string; path: string } {
  return { method, path: url.split('?', 1)[0] ?? '' };
}
