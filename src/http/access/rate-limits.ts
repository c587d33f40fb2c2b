import rateLimit from '@fastify/rate-limit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { HttpApp } from '../http-parts.ts';

const windowMs = 60_000;
/** Requests without a right key, a minute and address: an IPv4 address, or the /64 network of an IPv6 address. */
const failuresAMinute = 100;

export interface RateLimits {
  /** Counts a request of its owner and says so in the answer's headers. Throws `rate-limited`. */
  count(request: FastifyRequest, reply: FastifyReply): Promise<void>;
  /**
   * Counts a request without a right key. Throws `rate-limited`. By the connection's address; behind a proxy that is
   * the proxy's, which is why a right key is never refused for others' wrong ones.
   */
  countFailure(request: FastifyRequest): Promise<void>;
}

/**
 * Limits in windows of a minute, counted by this process alone. An owner may thus have its minute's requests twice
 * within seconds, around the end of a window.
 * @param requestsAMinute of one owner; 0 for no limit
 */
export async function rateLimits(app: HttpApp, requestsAMinute: number): Promise<RateLimits> {
  await app.register(rateLimit, { global: false });
  const byOwner = app.createRateLimit({
    max: requestsAMinute,
    timeWindow: windowMs,
    keyGenerator: request => request.owner,
  });
  const byAddress = app.createRateLimit({ max: failuresAMinute, timeWindow: windowMs });
  return {
    async count(request, reply) {
      if (requestsAMinute === 0) return;
      const use = await byOwner(request);
      if (use.isAllowed) return;
      void reply.headers({
        'ratelimit-limit': use.max,
        'ratelimit-remaining': use.remaining,
        'ratelimit-reset': use.ttlInSeconds,
      });
      if (!use.isExceeded) return;
      const message = `More than ${requestsAMinute} requests in a minute.`;
      throw new TintypeError('rate-limited', message, { retryAfter: use.ttlInSeconds });
    },
    async countFailure(request) {
      const use = await byAddress(request);
      if (use.isAllowed || !use.isExceeded) return;
      const message = 'Too many requests without a right key from this address.';
      throw new TintypeError('rate-limited', message, { retryAfter: use.ttlInSeconds });
    },
  };
}
