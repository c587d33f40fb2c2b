import { family, readProc } from './memory.ts';

/** Linux counts processor time in hundredths of a second for every program. */
const ticksPerSecond = 100;

/** Processor seconds of a process and all that descend from it, those that have ended included, by Linux's /proc. */
export function processorSeconds(pid: number): number {
  return family(pid).reduce((sum, member) => {
    const stat = readProc(`/proc/${member}/stat`);
    // utime, stime, cutime, cstime: the 14th to the 17th field; the second, in parentheses, may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return sum + fields.slice(11, 15).reduce((ticks, field) => ticks + Number(field), 0) / ticksPerSecond;
  }, 0);
}
