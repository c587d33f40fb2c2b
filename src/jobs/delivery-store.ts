/** Where a delivery goes. Other kinds of targets join this union. */
export type DeliveryTarget = WebhookTarget;

export interface WebhookTarget {
  readonly kind: 'webhook';
  readonly url: string;
  /** Encrypted, the newest first; each of them signs. None: nothing is signed. */
  readonly secrets: readonly string[];
  /** Of an owner's endpoint: why it is not to be called now. */
  readonly closed?: 'off' | 'deleted';
}

/** The right to make one try at a delivery, until the lease ends. */
export interface DeliveryRef {
  readonly id: string;
  /** The fencing token: it only grows. */
  readonly claim: number;
}

export interface ClaimedDelivery extends DeliveryRef {
  readonly owner: string;
  readonly target: DeliveryTarget;
  /** What its turn is by: one receiver of one owner. */
  readonly targetKey: string;
  readonly body: string;
  /** Tries that failed since it was recorded or told again: its place in the schedule. */
  readonly failures: number;
}

/** One try, as its owner sees it. */
export interface DeliveryTry {
  /** Milliseconds since the epoch, when it began. */
  readonly at: number;
  /** HTTP status, if there was an answer. */
  readonly status?: number;
  readonly latencyMs: number;
  /** For a person; absent when it was a success. */
  readonly error?: string;
}

/** What a try means for its delivery. */
export type DeliveryEnd =
  | { readonly result: 'delivered' }
  /** Given up. `gone`: the receiver wants no more, so its owner's endpoint is switched off. */
  | { readonly result: 'failed'; readonly gone: boolean }
  /** Once more after `delayMs`. `counts`: whether this was its turn in the schedule. */
  | { readonly result: 'again'; readonly delayMs: number; readonly counts: boolean };

export interface ClaimLimits {
  /** Deliveries. */
  readonly limit: number;
  /** Those to one target that may be under way at once, counting `underWay`. */
  readonly perTarget: number;
  /** By target key: how many the caller has under way. */
  readonly underWay: Readonly<Record<string, number>>;
  readonly leaseMs: number;
}

/**
 * The relay's side of the deliveries. They are recorded by the transaction that ends a job, with an id and a body that
 * stay the same through all tries. The database's clock decides. Every method is one transaction.
 */
export interface DeliveryStore {
  /** Claims ready deliveries: turns rotate over owners, and within an owner over targets; to one target the oldest first. */
  claim(limits: ClaimLimits): Promise<ClaimedDelivery[]>;
  /** Notes the try and what follows from it. False, and nothing is written, when the claim is not held any more. */
  end(ref: DeliveryRef, made: DeliveryTry, end: DeliveryEnd): Promise<boolean>;
  /**
   * Makes deliveries ready whose next try is due or whose lease is over, 1,000 at most; resolves to how many, and in
   * how many milliseconds the next one is due, which are less than 0 when there were more.
   */
  readyDue(): Promise<{ readied: number; dueInMs?: number }>;
  /** Deliveries that are neither delivered nor given up, and since when the oldest of them is under way (epoch ms). */
  backlog(): Promise<{ pending: number; oldest?: number }>;
  /** Drops deliveries that ended longer ago than this, some thousands at most; resolves to how many. */
  prune(maxAgeMs: number): Promise<number>;
}
