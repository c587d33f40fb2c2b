import { addAbortListener } from 'node:events';
import { TintypeError } from '../errors/tintype-error.ts';
import type { ClaimedDelivery } from '../jobs/delivery-store.ts';
import type { GroupReport } from '../jobs/group-report.ts';
import { retryDelayMs } from '../jobs/retry-policy.ts';
import { type Outcome, startTry } from './outcome.ts';

/** What goes to a broker. */
export interface Message {
  /** A topic's or a queue's name. */
  readonly target: string;
  /** The delivery's id: the same through all tries. */
  readonly id: string;
  /** Messages with one key keep their order. */
  readonly key: string;
  readonly bytes: Uint8Array;
}

/** Makes the text that tells of a group; of one report always the same. `secret` is the target's, where it has one. */
export type GroupAnswer = (report: GroupReport, secret?: string) => string;

/** Gives messages to a broker. */
export interface MessagePublisher {
  /**
   * Resolves once the broker has the message for good. Throws `invalid-request` for one that it will never take or a
   * target that there is not, `storage-unavailable` when it is away, and the signal's reason.
   */
  publish(message: Message, signal: AbortSignal): Promise<void>;
}

/** For one try, in milliseconds. */
const publishMs = 25_000;

/** One try at a delivery that a server of ours takes at once or not. Throws the signal's reason alone. */
export async function tryMessage(
  { claim }: ClaimedDelivery,
  tell: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<Outcome> {
  const end = startTry();
  const inTime = AbortSignal.timeout(publishMs);
  try {
    const either = AbortSignal.any([signal, inTime]);
    const aborted = Promise.withResolvers<never>();
    using _abort = addAbortListener(either, () => aborted.reject(either.reason));
    const told = tell(either);
    // Not every client knows signals; what it does after the abort is done twice at worst.
    told.catch(() => {});
    await Promise.race([told, aborted.promise]);
    return { made: end({}), result: 'delivered' };
  } catch (thrown) {
    signal.throwIfAborted();
    const late = new TintypeError('storage-unavailable', 'It does not answer.', { cause: thrown });
    const fault = inTime.aborted ? late : TintypeError.from(thrown);
    const made = end({ error: fault.message });
    if (fault.code === 'invalid-request') return { made, result: 'failed' };
    // A broker that is away gets its messages when it is back, however long that takes.
    const isAway = fault.code === 'storage-unavailable';
    return { made, result: 'again', ...(isAway && { counts: false, retryAfterMs: retryDelayMs(claim) }) };
  }
}
