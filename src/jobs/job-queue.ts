/**
 * Doorbells: each message says that there is work. It may lose, repeat or reorder anything without harm,
 * because the job store is the only truth and workers look there at least every five seconds.
 */
export interface JobQueue {
  /** There is new work. Called after the commit; must not throw. */
  ring(): void;
  /** Resolves at a ring that nobody has taken yet, after `timeoutMs`, or at an abort. */
  wait(timeoutMs: number, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
