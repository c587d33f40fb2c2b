import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { openSqlite } from '../../src/job-store/sqlite/sqlite.ts';
import { eventually } from '../support/eventually.ts';
import { percentile } from '../support/percentile.ts';
import { photo } from '../support/photo.ts';
import { Service } from '../support/service.ts';
import { fault } from './fault.ts';

const limitMs = 1_000;
/** For each thing that is waited for, on a slow machine. */
const patienceMs = 60_000;

const row = {
  row: 'cancel',
  fault: 'jobs cancelled while 12 megapixels are encoded as AVIF, by HTTP and by another process',
  mustShow: 'the renderer is gone within a second of the answer (p99)',
  inTests: { cancellations: 10 },
  full: { cancellations: 200 },
};

fault(row, async ({ cancellations }, report, t) => {
  const service = await Service.start({ WORKER_CONCURRENCY: '1' });
  t.after(() => service[Symbol.asyncDispose]());
  await mkdir(`${service.folder}/objects/shared`, { recursive: true });
  await photo(6000, 4000).jpeg().toFile(`${service.folder}/objects/shared/large.jpg`);
  const other = await openSqlite({ file: `${service.folder}/tintype.db`, exclusive: false });
  t.after(() => other.close());

  const times: Record<'byHttp' | 'byProcess', number[]> = { byHttp: [], byProcess: [] };
  for (let count = 0; count < cancellations; count += 1) {
    const id = await submit(service.url);
    await eventually(async () => (await fetched(service.url)) === count + 1, 'it is rendered', patienceMs);
    // At any moment between two questions of the worker.
    await setTimeout(Math.random() * 500);
    const how = count % 2 === 0 ? 'byHttp' : 'byProcess';
    if (how === 'byProcess') await other.jobs.cancel(id);
    else {
      const answer = await fetch(`${service.url}/jobs/${id}`, { method: 'DELETE' });
      assert.equal(answer.status, 200, await answer.text());
    }
    const answered = performance.now();
    await eventually(async () => (await killed(service.url)) === count + 1, 'it is killed', patienceMs);
    times[how].push(performance.now() - answered);
  }

  report('cancellations', cancellations);
  for (const [how, all] of Object.entries(times)) {
    report(`${how}P50Ms`, Math.round(percentile(all, 0.5)));
    report(`${how}P99Ms`, Math.round(percentile(all, 0.99)));
  }
  assert.ok(percentile([...times.byHttp, ...times.byProcess], 0.99) <= limitMs);
});

async function submit(url: string): Promise<string> {
  const answer = await fetch(`${url}/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      source: { object: 'shared/large.jpg' },
      outputs: [{ format: 'avif', width: 4000, height: 3000 }],
    }),
  });
  assert.equal(answer.status, 202);
  const { id } = (await answer.json()) as { id: string };
  return id;
}

/** Sources that were had, so that rendering began. */
function fetched(url: string): Promise<number> {
  return metric(url, /^tintype_stage_duration_seconds_count\{stage="fetch"\} (\d+)/m);
}

/** Renderers that are gone because their job was called off. */
function killed(url: string): Promise<number> {
  return metric(url, /^tintype_renderers_killed_total\{reason="cancelled"\} (\d+)/m);
}

async function metric(url: string, line: RegExp): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(line.exec(text)?.[1] ?? 0);
}
