import type { Failure, NewJob } from './job.ts';

/** Who is told of a group's end. */
export type GroupTarget =
  | { readonly kind: 'kafka'; readonly topic: string }
  | { readonly kind: 'sqs'; readonly queue: string }
  /** `secret`: encrypted; without it nothing is signed. */
  | { readonly kind: 'webhook'; readonly url: string; readonly secret?: string }
  | { readonly kind: 'mongodb'; readonly collection: string; readonly document: string };

/** A copy of a winning object to a place that somebody else chose; it never expires. */
export interface NewExport {
  readonly part: string;
  /** The name of an output of this part's job. */
  readonly output: string;
  readonly bucket: string;
  readonly key: string;
}

/** One thing that an event asks for, named within its group (`image`, `image_url`, `itunes_image`). */
export type NewPart = NewJob & { readonly part: string };

/** A part that is known to be bad before any job. */
export interface RefusedPart {
  readonly part: string;
  readonly failure: Failure;
}

/** What one event of another system asks for: its jobs are answered together. */
export interface NewGroup {
  /**
   * The event's identity, unique: `kafka:<cluster>:<topic id>:<partition>:<offset>`, `sqs:<queue>:<message id>`,
   * `mongodb:<collection>:<document>:<field>:<version>`.
   */
  readonly eventKey: string;
  readonly owner: string;
  /**
   * First in, first out: of the groups with one key only the oldest that has not ended has claimable jobs, they end in
   * their order, and so do their deliveries to one target.
   */
  readonly orderKey?: string;
  /** Without idempotency keys and webhooks of their own. May be empty: the group then ends as it is accepted. */
  readonly jobs: readonly NewPart[];
  readonly refused: readonly RefusedPart[];
  /** What the intake wants back at the end, as JSON; the store does not look into it. */
  readonly context: unknown;
  readonly exports: readonly NewExport[];
  readonly targets: readonly GroupTarget[];
}

/**
 * The intake's side of the job store: events of other systems become groups of jobs. The ring that says that there is
 * work is the caller's, after the call.
 */
export interface IntakeStore {
  /**
   * Accepts groups in their order, all in one transaction, durable once it resolves: give it hundreds at once. A group
   * whose event is known is left as it is; an event is known for as long as the rows of its jobs are kept. Resolves to how many were new. Throws `not-found` when a job names an upload
   * that is not there for its owner.
   */
  submitGroups(groups: readonly NewGroup[]): Promise<number>;
}
