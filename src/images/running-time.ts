const tickMs = 100;

/**
 * Calls it once this process has been running for so long. Time in which it was stopped, or its event loop blocked,
 * counts as two ticks (200 ms) at most: meanwhile it could not take an answer that had come. The returned function
 * calls it off.
 */
export function afterRunning(ms: number, call: () => void): () => void {
  let left = ms;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    left -= Math.min(now - last, 2 * tickMs);
    last = now;
    if (left > 0) return;
    clearInterval(timer);
    call();
  }, tickMs);
  return () => clearInterval(timer);
}
