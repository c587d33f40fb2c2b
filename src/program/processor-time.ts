import { readFileSync } from 'node:fs';

/** Of the times in /proc, on every architecture that Node runs on (USER_HZ). */
const ticksPerSecond = 100;
/** Its place after the name in brackets, which may hold blanks (proc_pid_stat(5)); the system's share follows. */
const userTimeAt = 11;

/**
 * Milliseconds that all threads of a process have spent on a processor since its start, to 10 ms. `undefined` when it
 * is gone, and where there is no /proc: elsewhere than on Linux.
 */
export function processorMs(pid: number): number | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[userTimeAt]) + Number(fields[userTimeAt + 1]);
  return Number.isNaN(ticks) ? undefined : (ticks * 1_000) / ticksPerSecond;
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
