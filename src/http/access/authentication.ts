import type { FastifyReply, FastifyRequest } from 'fastify';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { ApiKey, KeyStore } from '../../jobs/key-store.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { HttpApp } from '../http-parts.ts';
import { KeyCheck } from './key-check.ts';
import { isLoopbackCaller } from './loopback-caller.ts';
import { OpenRequests } from './open-requests.ts';
import { refuseForeignOrigin } from './origin-guard.ts';
import { rateLimits } from './rate-limits.ts';

export interface Authentication {
  readonly keys: KeyStore;
  /** That one owner may make; 0 for no limit. */
  readonly requestsAMinute: number;
}

/**
 * Answers 401 to requests without a right key; the others get the key's owner. A key that is revoked ends the requests
 * that are still being answered, such as streams of events, within two seconds.
 */
export async function requireKeys(
  app: HttpApp,
  { keys, requestsAMinute }: Authentication,
  logger: Logger,
): Promise<void> {
  const check = new KeyCheck(keys, logger);
  const limits = await rateLimits(app, requestsAMinute);
  const open = new OpenRequests(check, logger);
  app.addHook('preClose', done => {
    open.stop();
    done();
  });
  app.addHook('onRequest', async (request, reply) => {
    if (isOpen(request.routeOptions.url) || isLocalScrape(request)) return;
    const key = await authenticated(request, reply, check, limits.countFailure);
    request.owner = key.owner;
    request.visibleOwner = key.isAdmin ? undefined : key.owner;
    open.add(key.id, reply.raw);
    await limits.count(request, reply);
  });
}

/** Whether a route takes requests without a key. */
export function isOpen(route: string | undefined): boolean {
  return route !== undefined && (openRoutes.has(route) || route.startsWith('/docs/'));
}

const openRoutes = new Set(['/', '/docs', '/health/live', '/health/ready', '/openapi.json', '/ping']);

/** Metrics for a Prometheus on this machine; not for a web page that makes a browser on this machine ask. */
function isLocalScrape(request: FastifyRequest): boolean {
  if (request.routeOptions.url !== '/metrics' || request.headers.authorization !== undefined) return false;
  if (!isLoopbackCaller(request)) return false;
  refuseForeignOrigin(request.headers);
  return true;
}

async function authenticated(
  request: FastifyRequest,
  reply: FastifyReply,
  check: KeyCheck,
  countFailure: (request: FastifyRequest) => Promise<void>,
): Promise<ApiKey> {
  const { authorization } = request.headers;
  // RFC 9110, section 11.1: the scheme's case does not matter.
  const text = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  const key = text === undefined ? undefined : await check.check(text);
  if (key !== undefined) return key;
  await countFailure(request);
  // RFC 6750, section 3.1: the error only where there was something that can be wrong.
  const error = authorization === undefined ? '' : ', error="invalid_token"';
  void reply.header('www-authenticate', `Bearer realm="tintype"${error}`);
  const reason =
    authorization === undefined ? 'The request has no key' : 'The key is not right, or was revoked';
  throw new TintypeError('unauthenticated', `${reason}. Send "Authorization: Bearer <key>".`);
}
