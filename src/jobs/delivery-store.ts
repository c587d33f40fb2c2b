import type { ExportPlace } from './export-store.ts';
import type { GroupTarget } from './intake-store.ts';

/** Where a delivery goes. */
export type DeliveryTarget = WebhookTarget | Exclude<GroupTarget, { kind: 'webhook' }>;

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
  /** Of the group whose end it tells of; absent where it is a job's. */
  readonly groupId?: string;
  /** Of that group. */
  readonly orderKey?: string;
  /** What is sent; of a group, its `GroupReport` as JSON, of which the message is made. */
  readonly body: string;
  /** Copies that must be there before the message goes out, and were not yet. */
  readonly exports: readonly PendingExport[];
  /** Tries that failed since it was recorded or told again: its place in the schedule. */
  readonly failures: number;
}

/** One copy that a group's deliveries need. */
export interface PendingExport extends ExportPlace {
  /** Its place in the group's list of exports. */
  readonly position: number;
  readonly objectKey: string;
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
 * The relay's side of the deliveries. They are recorded by the transaction that ends a job or a group, with an id and a
 * body that stay the same through all tries. The database's clock decides. Every method is one transaction.
 */
export interface DeliveryStore {
  /**
   * Claims ready deliveries: turns rotate over owners, and within an owner over targets; to one target the oldest first.
   * Of those to one target with one order key there is one at a time: the next when it is delivered or given up.
   */
  claim(limits: ClaimLimits): Promise<ClaimedDelivery[]>;
  /** Notes that copies of a group are made; its other deliveries need not make them again. */
  exported(groupId: string, positions: readonly number[]): Promise<void>;
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
