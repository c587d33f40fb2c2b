import type { onRequestHookHandler } from 'fastify';
import { TintypeError } from '../../errors/tintype-error.ts';

/** Submissions that are being received or stored at the same time, each of which holds up to some 150 kB of memory. */
const mostAtOnce = 1_500;
const retryAfterSeconds = 2;

/** Refuses a submission with `overloaded` while too many others are under way, before its body is read. */
export function limitSubmissions(): onRequestHookHandler {
  let underWay = 0;
  return (_request, reply, done) => {
    if (underWay >= mostAtOnce) {
      const message = `${mostAtOnce} submissions are under way: the service takes no more at once.`;
      return done(new TintypeError('overloaded', message, { retryAfter: retryAfterSeconds }));
    }
    underWay += 1;
    reply.raw.once('close', () => {
      underWay -= 1;
    });
    done();
  };
}
