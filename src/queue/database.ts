import { addAbortListener } from 'node:events';
import type { JobQueue } from '../jobs/job-queue.ts';
import type { StoreChange, StoreChanges } from '../jobs/store-changes.ts';

/** The doorbell that needs no broker: the job store itself tells of new work, or of another kind of change. */
export class DatabaseQueue implements JobQueue {
  readonly #unsubscribe: () => void;
  #rung = false;
  #waiting = new Set<() => void>();

  constructor(changes: StoreChanges, kind: StoreChange['kind'] = 'work') {
    this.#unsubscribe = changes.subscribe(change => {
      if (change.kind === kind) this.ring();
    });
  }

  ring(): void {
    const [answer] = this.#waiting;
    if (answer === undefined) {
      this.#rung = true;
      return;
    }
    this.#waiting.delete(answer);
    answer();
  }

  async wait(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.#rung || signal.aborted) {
      this.#rung = false;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    using _abort = addAbortListener(signal, () => resolve());
    this.#waiting.add(resolve);
    await promise;
    this.#waiting.delete(resolve);
    clearTimeout(timer);
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    for (const answer of this.#waiting) answer();
  }
}
