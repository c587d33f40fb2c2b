import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** A clock that may run faster than time, from 0 seconds on; it stands until it is told to run. */
export class ScaledClock {
  readonly #turns = new EventTarget();
  #speed = 0;
  /** What it showed when it was last set to a speed, in milliseconds. */
  #shownMs = 0;
  #since = performance.now();

  /** Seconds. */
  now(): number {
    return (this.#shownMs + (performance.now() - this.#since) * this.#speed) / 1_000;
  }

  /** @param speed seconds that it goes in a second */
  runAt(speed: number): void {
    this.#shownMs = this.now() * 1_000;
    this.#since = performance.now();
    this.#speed = speed;
    this.#turns.dispatchEvent(new Event('turn'));
  }

  /** To be asked of one that runs. Resolves when it shows that many seconds. Throws the signal's reason. */
  async until(seconds: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const leftMs = ((seconds - this.now()) * 1_000) / this.#speed;
      if (leftMs <= 0) return;
      const over = new AbortController();
      const either = AbortSignal.any([signal, over.signal]);
      const waits = [
        sleep(leftMs, undefined, { signal: either }),
        once(this.#turns, 'turn', { signal: either }),
      ];
      await Promise.race(waits).catch(() => {});
      over.abort();
      await Promise.allSettled(waits);
    }
  }
}
