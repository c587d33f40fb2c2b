import { addAbortListener } from 'node:events';
import type { StoreChange, StoreChanges } from '../jobs/store-changes.ts';

/**
 * Rings when the job store tells of one kind of change. Rings that nobody waits for count as one, because who is woken
 * works on while there is something to do.
 */
export class StoreBell {
  readonly #unsubscribe: () => void;
  readonly #waiting = new Set<(rung: boolean) => void>();
  #rung = false;
  #isClosed = false;

  constructor(changes: StoreChanges, kind: StoreChange['kind']) {
    this.#unsubscribe = changes.subscribe(change => {
      if (change.kind === kind) this.ring();
    });
  }

  ring(): void {
    const [answer] = this.#waiting;
    if (answer === undefined) this.#rung = true;
    else answer(true);
  }

  /** Takes the rings that nobody waited for. */
  silence(): void {
    this.#rung = false;
  }

  /** Takes one ring; resolves to true when there is one, or to false after `timeoutMs` or at an abort. */
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

  /** Ends all waits. Twice is the same. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#unsubscribe();
    for (const answer of this.#waiting) answer(false);
  }
}
