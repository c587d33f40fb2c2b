/**
 * Doorbells: each message says that there is a job to claim. It may lose, repeat or reorder anything without harm,
 * because the job store is the only truth and workers look there at least every five seconds.
 */
export interface JobQueue {
  /** There are so many new jobs (1 by default). Called after the commit; never throws, not even when they can't be told. */
  ring(jobs?: number): void;
  /**
   * Takes up to `most` rings that nobody has taken yet, so that those which are left say how many jobs wait. Never
   * waits for one to come; resolves soon when the broker is away, too.
   */
  take(most: number): Promise<void>;
  /** Takes one ring; resolves to true when there is one, or to false after `timeoutMs` or at an abort. */
  wait(timeoutMs: number, signal: AbortSignal): Promise<boolean>;
  /** What is wrong with it now, for people; null when nothing is. */
  fault(): Promise<string | null>;
  /** Tells what is still to be told and ends all waits. Twice is the same; afterwards a ring does nothing. */
  close(): Promise<void>;
}
