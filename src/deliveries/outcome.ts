import type { ClaimedDelivery, DeliveryTarget, DeliveryTry } from '../jobs/delivery-store.ts';

/** What came of one try. */
export interface Outcome {
  readonly made: DeliveryTry;
  readonly result: 'delivered' | 'again' | 'failed';
  /** The receiver wants no more. */
  readonly gone?: boolean;
  /** What the receiver asked to wait, in milliseconds; where the try does not count, how long to wait. */
  readonly retryAfterMs?: number;
  /** False: the fault is none of the receiver's, so that this was no turn of the schedule. */
  readonly counts?: false;
}

/** A delivery to a target of this kind. */
export type DeliveryTo<K extends DeliveryTarget['kind']> = ClaimedDelivery & {
  readonly target: Extract<DeliveryTarget, { kind: K }>;
};

/** Makes tries at deliveries to one kind of target. */
export interface DeliveryDriver<K extends DeliveryTarget['kind']> {
  /** Throws the signal's reason alone: any other fault is an outcome. */
  try(delivery: DeliveryTo<K>, signal: AbortSignal): Promise<Outcome>;
}

/** The drivers that this process has. */
export type DeliveryDrivers = { readonly [K in DeliveryTarget['kind']]?: DeliveryDriver<K> };

/** Begins a try now; the function makes its facts at the end. */
export function startTry(): (rest: Pick<DeliveryTry, 'status' | 'error'>) => DeliveryTry {
  const at = Date.now();
  const start = performance.now();
  return rest => ({ at, latencyMs: Math.round(performance.now() - start), ...rest });
}
