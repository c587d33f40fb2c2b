import { addAbortListener } from 'node:events';
import type { JobQueue } from '../jobs/job-queue.ts';
import type { StoreChange, StoreChanges } from '../jobs/store-changes.ts';

/**
 * The doorbell that needs no broker: the job store itself tells of new work, or of
 * another kind of change. Rings that nobody waits for count as one,
 * because a worker that is woken claims on while it finds something.
 */
export class DatabaseQueue implements JobQueue {
  readonly #unsubscribe: () => void;
  readonly #waiting = new Set<(rung: boolean) => void>();
  #rung = false;
  #isClosed = false;

  constructor(changes: StoreChanges, kind: StoreChange['kind'] = 'work') {
    this.#unsubscribe = changes.subscribe(change => {
      if (change.kind === kind) this.ring();
    });
  }

  ring(): void {
    const [answer] = this.#waiting;
    if (answer === undefined) this.#rung = true;
    else answer(true);
  }

  async take(): Promise<void> {
    this.#rung = false;
  }

  async wait(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    if (this.#rung || signal.aborted || this.#isClosed) {
      const rung = this.#rung;
      this.#rung = false;
      return rung;
    }
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const answer = (rung: boolean) => {
      if (this.#waiting.delete(answer)) resolve(rung);
    };
    this.#waiting.add(answer);
    const timer = setTimeout(answer, timeoutMs, false);
    using _abort = addAbortListener(signal, () => answer(false));
    const rung = await promise;
    clearTimeout(timer);
    return rung;
  }

  /** The job store answers for itself. */
  async fault(): Promise<null> {
    return null;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#unsubscribe();
    for (const answer of this.#waiting) answer(false);
  }
}
