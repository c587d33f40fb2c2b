/** What a caller may send with a request, so that sending it again makes no second job. */
export interface Idempotency {
  /** The caller's, and unique for his owner for a day. */
  readonly key: string;
  /** Hex. The same for the same request. */
  readonly fingerprint: string;
}

/** For how long a key stands for its request, in milliseconds. */
export const idempotencyMs = 86_400_000;

/** The keys of requests that made a job; they are recorded by the transaction that submits it. */
export interface IdempotencyStore {
  /**
   * The id of the job that this request made before; undefined if it did not.
   * Throws `idempotency-key-reused` when another request came under the key.
   */
  jobOf(owner: string, idempotency: Idempotency): Promise<string | undefined>;
  /** Drops keys whose day is over, some thousands at most; resolves to how many: 0 when none is left. */
  prune(): Promise<number>;
}
