import { readdirSync, readFileSync } from 'node:fs';

const pageBytes = 4096;

/** Samples a process and all that descend from it every 10 ms; returns the way to stop and read the peak, in bytes. */
export function watchMemory(pid: number): () => number {
  let peak = residentBytes(pid);
  const timer = setInterval(() => {
    peak = Math.max(peak, residentBytes(pid));
  }, 10);
  return () => {
    clearInterval(timer);
    return peak;
  };
}

/** Resident bytes of a process and all that descend from it, by Linux's /proc. */
export function residentBytes(pid: number): number {
  return family(pid).reduce((sum, member) => {
    const pages = readProc(`/proc/${member}/statm`).split(' ')[1];
    return sum + Number(pages ?? 0) * pageBytes;
  }, 0);
}

/** A process and all that descend from it, by Linux's /proc. */
export function family(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    // The command's name, in parentheses, may hold spaces: what counts stands behind it.
    const stat = readProc(`/proc/${entry}/stat`);
    parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const members = [pid];
  for (const member of members) {
    for (const [child, parent] of parents) if (parent === member) members.push(child);
  }
  return members;
}

/** Empty for a process that has just gone. */
export function readProc(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
