const tickMs = 100;
/** How much longer than its processor time a process may take: as if so many shared each core. */
const elapsedFactor = 10;

/** `timeout`: it took too long, and would again. `stalled`: it hung, or got too little of a processor. */
export type TimeUp = 'timeout' | 'stalled';

/**
 * Calls `end` once `processorMs` tells so many milliseconds more than now, or ten times as many have passed. Where it
 * tells nothing, `ms` is a limit of elapsed time. Time in which this process was stopped, or its event loop blocked,
 * counts as 200 ms at most: meanwhile it could not take an answer that had come. The returned function calls it off.
 */
export function limitTime(
  processorMs: () => number | undefined,
  ms: number,
  end: (reason: TimeUp) => void,
): () => void {
  const atStart = processorMs();
  let elapsed = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    elapsed += Math.min(now - last, 2 * tickMs);
    last = now;
    const used = atStart === undefined ? elapsed : (processorMs() ?? atStart) - atStart;
    if (used <= ms && elapsed <= elapsedFactor * ms) return;
    clearInterval(timer);
    end(used > ms ? 'timeout' : 'stalled');
  }, tickMs);
  return () => clearInterval(timer);
}
