import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';

/**
 * Asks every 10 ms until the answer is there, and fails with `what` when it is not in time: for what nothing tells of.
 * @param ask its answer is not there yet while it is undefined or false
 * @param withinMs 10 s by default
 */
export async function eventually<T>(
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  what: string,
  withinMs = 10_000,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) assert.fail(`it did not happen in ${withinMs / 1000} s: ${what}`);
    await setTimeout(10);
  }
}
