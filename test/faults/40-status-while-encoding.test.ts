import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { percentile } from '../support/percentile.ts';
import { photo } from '../support/photo.ts';
import { Service } from '../support/service.ts';
import { metric } from '../support/service-facts.ts';
import { fault } from './fault.ts';

const askEveryMs = 20;
const feedEveryMs = 250;
const patienceMs = 240_000;
const rendered = 'tintype_stage_duration_seconds_count{stage="render"}';

const row = {
  row: '40',
  fault: '100 encodes running',
  mustShow: 'status requests p99 at most 100 ms',
  // Beside other tests a scaled-down round can only show that nothing waits for the encodes' end.
  inTests: { encodes: 8, seconds: 2, p99Ms: 1_000 },
  full: { encodes: 100, seconds: 30, p99Ms: 100 },
};

fault(row, async ({ encodes, seconds, p99Ms }, report) => {
  await using service = await Service.start({
    WORKER_CONCURRENCY: String(encodes),
    // By the estimates, which count what an image may need at worst, they would not all fit into most machines.
    RENDER_MEMORY_BYTES: '64GiB',
  });
  await mkdir(`${service.folder}/objects/shared`, { recursive: true });
  await photo(2000, 1333).jpeg().toFile(`${service.folder}/objects/shared/photo.jpg`);
  const feeder = new AbortController();
  const ids: string[] = [];
  const feeding = feed(service, encodes, ids, feeder.signal);
  await eventually(async () => (await metric(service, rendered)) >= encodes, 'all renderers run', patienceMs);

  const times: number[] = [];
  const ask = async (id: string) => {
    const asked = performance.now();
    const answer = await fetch(`${service.url}/jobs/${id}`);
    await answer.arrayBuffer();
    assert.equal(answer.status, 200);
    times.push(performance.now() - asked);
  };
  const until = performance.now() + seconds * 1_000;
  const asking: Promise<void>[] = [];
  for (let i = 0; performance.now() < until; i++) {
    asking.push(ask(ids[i % ids.length] ?? ''));
    await setTimeout(askEveryMs);
  }
  await Promise.all(asking);
  const running = await metric(service, 'tintype_jobs{status="processing"}');
  feeder.abort();
  await feeding;
  report('encodes running', encodes);
  report('status requests', times.length);
  report('p50 ms', Math.round(percentile(times, 0.5)));
  report('p99 ms', Math.round(percentile(times, 0.99)));
  assert.ok(running >= encodes, `${running} encodes still run`);
  assert.ok(percentile(times, 0.99) <= p99Ms, `p99 ${percentile(times, 0.99)} ms`);
});

/** Keeps as many jobs pending as may run, besides those that do. */
async function feed(service: Service, jobs: number, ids: string[], stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const pending = await metric(service, 'tintype_jobs{status="pending"}');
    for (let i = pending; i < jobs; i++) ids.push(await submit(service));
    await setTimeout(feedEveryMs);
  }
}

async function submit({ url }: Service): Promise<string> {
  const answer = await fetch(`${url}/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      source: { object: 'shared/photo.jpg' },
      outputs: [{ name: 'web', width: 2000, format: 'webp' }],
    }),
  });
  assert.equal(answer.status, 202);
  return ((await answer.json()) as { id: string }).id;
}
