import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { eventually } from '../support/eventually.ts';
import { submitUntilAccepted, type Target } from '../support/killed-service.ts';
import { photo } from '../support/photo.ts';
import { Service } from '../support/service.ts';
import { fault } from './fault.ts';

/** For each thing that is waited for, on a slow machine. */
const patienceMs = 120_000;

const row = {
  row: '1',
  fault: 'the service killed with SIGKILL again and again in the middle of its jobs',
  mustShow: "0 lost, 0 stuck, 0 double, every output's SHA-256 right",
  inTests: { jobs: 500, kills: 10 },
  full: { jobs: 5_000, kills: 50 },
};

fault(row, async ({ jobs, kills }, report, t) => {
  const env = { LEASE_SECONDS: '2' };
  const target: Target = { service: await Service.start(env) };
  const { folder } = target.service;
  t.after(async () => {
    await target.service.end('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });
  const image = await photo(1500, 1000).jpeg().toBuffer();

  const started = performance.now();
  const accepted: string[] = [];
  const submitting = submitUntilAccepted(target, image, accepted, jobs);
  for (let kill = 1; kill <= kills; kill += 1) {
    await eventually(() => accepted.length >= (jobs / (kills + 1)) * kill, 'enough jobs are in', patienceMs);
    await target.service.end('SIGKILL');
    target.service = await Service.start(env, folder);
  }
  await submitting;

  const ended = await endOfAll(target, accepted);
  assert.deepEqual(count(ended.map(job => `${job.status}: ${job.message}`)), { 'complete: Complete.': jobs });
  const sums = new Set(ended.map(job => job.outputs[0].sha256));
  assert.equal(sums.size, 1, 'the same photo gives the same thumbnail');
  for (const job of ended) {
    const answer = await fetch(new URL(job.location, target.service.url));
    assert.equal(
      createHash('sha256')
        .update(await answer.bytes())
        .digest('hex'),
      job.outputs[0].sha256,
    );
  }

  // A start sweeps what dead attempts left; then each job has one attempt's objects and no other.
  await target.service.end('SIGTERM');
  target.service = await Service.start(env, folder);
  await eventually(async () => (await doubles(folder)).length === 0, 'leftovers are swept', patienceMs);
  report('jobs', jobs);
  report('kills', kills);
  report('lost', 0);
  report('double', 0);
  report('seconds', Math.round((performance.now() - started) / 1000));
});

interface EndedJob {
  readonly status: string;
  readonly message: string;
  readonly location: string;
  readonly outputs: [{ sha256: string }];
}

async function endOfAll(target: Target, ids: readonly string[]): Promise<EndedJob[]> {
  const ended: EndedJob[] = [];
  for (const id of ids) {
    const ask = async () => {
      const answer = await fetch(`${target.service.url}/jobs/${id}`);
      assert.equal(answer.status, 200, `accepted job ${id} is known`);
      const job = (await answer.json()) as EndedJob;
      return job.status !== 'pending' && job.status !== 'processing' && job;
    };
    ended.push(await eventually(ask, `job ${id} ends`, patienceMs));
  }
  return ended;
}

/** Jobs that have more than one object: a second result, or what a dead attempt left. */
async function doubles(folder: string): Promise<string[]> {
  const root = path.join(folder, 'objects/jobs');
  const found: string[] = [];
  for (const id of await readdir(root)) {
    const entries = await readdir(path.join(root, id), { recursive: true, withFileTypes: true });
    if (entries.filter(entry => entry.isFile()).length !== 1) found.push(id);
  }
  return found;
}

function count(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
