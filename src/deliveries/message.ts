import { TintypeError } from '../errors/tintype-error.ts';
import type { ClaimedDelivery } from '../jobs/delivery-store.ts';
import { retryDelayMs } from '../jobs/retry-policy.ts';
import { type Outcome, startTry } from './outcome.ts';

/** What goes to a broker. */
export interface Message {
  /** A topic, or a queue's URL. */
  readonly target: string;
  /** The delivery's id: the same through all tries. */
  readonly id: string;
  /** Messages with one key keep their order. */
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
}

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

/** One try at giving a broker what `make` makes of a delivery. Throws the signal's reason alone. */
export async function tryMessage(
  { claim }: ClaimedDelivery,
  make: () => Message | Promise<Message>,
  publisher: MessagePublisher,
  signal: AbortSignal,
): Promise<Outcome> {
  const end = startTry();
  const inTime = AbortSignal.timeout(publishMs);
  try {
    await publisher.publish(await make(), AbortSignal.any([signal, inTime]));
    return { made: end({}), result: 'delivered' };
  } catch (thrown) {
    signal.throwIfAborted();
    const late = new TintypeError('storage-unavailable', 'The broker does not answer.', { cause: thrown });
    const fault = inTime.aborted ? late : TintypeError.from(thrown);
    const made = end({ error: fault.message });
    if (fault.code === 'invalid-request') return { made, result: 'failed' };
    // A broker that is away gets its messages when it is back, however long that takes.
    const isAway = fault.code === 'storage-unavailable';
    return { made, result: 'again', ...(isAway && { counts: false, retryAfterMs: retryDelayMs(claim) }) };
  }
}
