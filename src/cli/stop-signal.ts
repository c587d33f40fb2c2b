import { constants } from 'node:os';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * One Ctrl-C can arrive more than once: the terminal sends it to every process, and npm and the launcher pass on
 * what they get. Within this time, in milliseconds, it is the same one.
 */
const echoMs = 500;

/** Aborts at the first signal to end, with its name as the reason. A second one exits at once. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  let firstAt = 0;
  for (const signal of signals) {
    process.on(signal, () => {
      const now = performance.now();
      if (stop.signal.aborted && now - firstAt > echoMs) process.exit(signalExitCode(signal));
      if (stop.signal.aborted) return;
      firstAt = now;
      stop.abort(signal);
    });
  }
  return stop.signal;
}

/** As shells count it. */
export function signalExitCode(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
