import type { onRequestHookHandler } from 'fastify';
import { TintypeError } from '../../errors/tintype-error.ts';

/** Submissions that are being received or stored at the same time, each of which holds up to some 150 kB of memory. */
const mostAtOnce = 1_500;
/** Of one owner, so that its slow uploads leave room for others'. */
const mostOfAnOwner = mostAtOnce / 4;
const retryAfterSeconds = 2;

/**
 * Refuses a submission before its body is read: with `overloaded` while too many others are under way, with
 * `rate-limited` while too many of its owner are.
 * @param sharesFairly whether an owner has but its share; where everybody is the same owner there is nothing to share
 */
export function limitSubmissions(sharesFairly: boolean): onRequestHookHandler {
  let underWay = 0;
  const underWayOf = new Map<string, number>();
  return ({ owner }, reply, done) => {
    const ofOwner = underWayOf.get(owner) ?? 0;
    if (sharesFairly && ofOwner >= mostOfAnOwner) {
      return done(refusal('rate-limited', `${mostOfAnOwner} of your submissions are under way`));
    }
    if (underWay >= mostAtOnce) return done(refusal('overloaded', `${mostAtOnce} submissions are under way`));
    underWay += 1;
    underWayOf.set(owner, ofOwner + 1);
    reply.raw.once('close', () => {
      underWay -= 1;
      const left = (underWayOf.get(owner) ?? 0) - 1;
      if (left > 0) underWayOf.set(owner, left);
      else underWayOf.delete(owner);
    });
    done();
  };
}

function refusal(code: 'rate-limited' | 'overloaded', reason: string): TintypeError {
  return new TintypeError(code, `${reason}: no more are taken at once.`, { retryAfter: retryAfterSeconds });
}
