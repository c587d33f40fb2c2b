import { readFile } from 'node:fs/promises';
import type { Service } from './service.ts';

/** One value of `GET /metrics`, such as `tintype_jobs{status="pending"}`; 0 until there is something to tell. */
export async function metric({ url }: Service, name: string): Promise<number> {
  const answer = await fetch(`${url}/metrics`);
  const line = (await answer.text()).split('\n').find(text => text.startsWith(`${name} `));
  return line === undefined ? 0 : Number(line.slice(name.length + 1));
}

/** The most memory that the service's process has had resident, in MB, without its renderers. Linux knows it. */
export async function peakMemory({ process: { pid } }: Service): Promise<number> {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round((Number(kilobytes) * 1024) / 1e6);
}
