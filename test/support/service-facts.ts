import { readdir, readFile } from 'node:fs/promises';
import { eventually } from './eventually.ts';
import type { Service } from './service.ts';

/** One value of `GET /metrics`, such as `tintype_jobs{status="pending"}`; 0 until there is something to tell. */
export async function metric({ url }: Pick<Service, 'url'>, name: string): Promise<number> {
  const answer = await fetch(`${url}/metrics`);
  const line = (await answer.text()).split('\n').find(text => text.startsWith(`${name} `));
  return line === undefined ? 0 : Number(line.slice(name.length + 1));
}

/** Resolves when no job is pending or processing. */
export async function allEnd(service: Service, withinMs: number): Promise<void> {
  await eventually(async () => (await openJobs(service)) === 0, 'all jobs end', withinMs);
}

/** How many jobs have not ended. */
export async function openJobs(service: Pick<Service, 'url'>): Promise<number> {
  return (
    (await metric(service, 'tintype_jobs{status="pending"}')) +
    (await metric(service, 'tintype_jobs{status="processing"}'))
  );
}

/** How many file descriptors the service's process has open, without its renderers. Linux knows it. */
export async function openDescriptors({ process: { pid } }: Service): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

/** The memory that the service's process has resident now, in MB, without its renderers. Linux knows it. */
export function residentMemory(service: Service): Promise<number> {
  return memory(service, 'VmRSS');
}

/** The most memory that the service's process has had resident, in MB, without its renderers. Linux knows it. */
export async function peakMemory(service: Service): Promise<number> {
  return Math.round(await memory(service, 'VmHWM'));
}

async function memory({ process: { pid } }: Service, name: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kilobytes = status.split(`${name}:`)[1]?.split('kB')[0];
  return (Number(kilobytes) * 1024) / 1e6;
}
