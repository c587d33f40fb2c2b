import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import sharp from 'sharp';
import type { BalancedClient } from './balanced-client.ts';
import { eventually } from './eventually.ts';
import { inLanes } from './lanes.ts';
import { assertNear } from './pixels.ts';

const patienceMs = 120_000;
/** Of the sources, far enough apart to be told from each other after JPEG. */
const colours = [0, 1, 2, 3, 4, 5, 6, 7].map(n => [n & 4 ? 220 : 30, n & 2 ? 220 : 30, n & 1 ? 220 : 30]);
const sources = await Promise.all(
  colours.map(([r = 0, g = 0, b = 0]) =>
    sharp({ create: { width: 600, height: 400, channels: 3, background: { r, g, b } } })
      .jpeg()
      .toBuffer(),
  ),
);

export interface Job {
  readonly id: string;
  readonly status: string;
  readonly outputs: [{ readonly location: string; readonly width: number; readonly height: number }];
}

export interface Submitted {
  readonly id: string;
  /** Which of the sources it is made from. */
  readonly source: number;
}

export function jobForm(source: number, options: object = {}): FormData {
  const body = new FormData();
  body.append('image', new Blob([new Uint8Array(sources[source] ?? Buffer.alloc(0))]), `${source}.jpg`);
  body.append(
    'job',
    JSON.stringify({ outputs: [{ name: 'small', size: '40x30', format: 'png' }], ...options }),
  );
  return body;
}

async function submit(client: BalancedClient, source: number): Promise<Submitted> {
  const headers = { 'idempotency-key': randomUUID() };
  const init = () => ({ method: 'POST', headers, body: jobForm(source) });
  const { status, body } = await client.request('/jobs', init);
  assert.equal(status, 202, body.toString());
  return { id: (JSON.parse(body.toString()) as Job).id, source };
}

/** Submits so many, some at a time. */
export async function submitted(client: BalancedClient, count: number): Promise<Submitted[]> {
  const jobs: Submitted[] = [];
  const all = Array.from({ length: count }, (_, index) => index % sources.length);
  await inLanes(4, all, async source => void jobs.push(await submit(client, source)));
  return jobs;
}

/** Submits, asks and fetches until the signal aborts; resolves to what was submitted. */
export async function load(client: BalancedClient, signal: AbortSignal): Promise<Submitted[]> {
  const jobs: Submitted[] = [];
  const lane = async () => {
    while (!signal.aborted) {
      const job = await submit(client, jobs.length % sources.length);
      jobs.push(job);
      await assertMade(client, job);
    }
  };
  await Promise.all(Array.from({ length: 8 }, lane));
  return jobs;
}

async function made(client: BalancedClient, id: string): Promise<Job> {
  const isComplete = async () => {
    const { status, body } = await client.request(`/jobs/${id}`);
    assert.equal(status, 200, body.toString());
    const job = JSON.parse(body.toString()) as Job;
    assert.ok(['pending', 'processing', 'complete'].includes(job.status), body.toString());
    return job.status === 'complete' && job;
  };
  return eventually(isComplete, `job ${id} is complete`, patienceMs);
}

/** The image that is fetched is of its own source. */
export async function assertMade(client: BalancedClient, { id, source }: Submitted): Promise<void> {
  const job = await made(client, id);
  const { status, body } = await client.request(job.outputs[0].location);
  assert.equal(status, 200);
  const { data, info } = await sharp(body).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  assert.deepEqual([info.width, info.height], [40, 30]);
  assertNear([...data.subarray(0, 3)], colours[source] ?? [], 6);
}
