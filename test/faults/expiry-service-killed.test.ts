import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { submitUntilAccepted, type Target } from '../support/killed-service.ts';
import { photo } from '../support/photo.ts';
import { Service } from '../support/service.ts';
import { fault } from './fault.ts';

const patienceMs = 120_000;

const row = {
  row: 'expiry',
  fault: 'the service killed with SIGKILL again and again while jobs expire',
  mustShow:
    'every read is the right bytes, 409 while it is made or 410; no object without a row, no result without its object',
  inTests: { jobs: 120, kills: 4 },
  full: { jobs: 1_000, kills: 20 },
};

fault(row, async ({ jobs, kills }, report, t) => {
  const env = { LEASE_SECONDS: '2', RETENTION: '1s' };
  const target: Target = { service: await Service.start(env) };
  const { folder } = target.service;
  t.after(async () => {
    await target.service.end('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });
  const image = await photo(600, 400).jpeg().toBuffer();
  const accepted: string[] = [];
  const reads = new Map<string, number>();
  const stopReading = new AbortController();

  const submitting = submitUntilAccepted(target, image, accepted, jobs, 2);
  const reading = Promise.all([1, 2].map(() => readSome(target, accepted, reads, stopReading.signal)));
  for (let kill = 1; kill <= kills; kill += 1) {
    await eventually(() => accepted.length >= (jobs / (kills + 1)) * kill, 'enough jobs are in', patienceMs);
    await target.service.end('SIGKILL');
    target.service = await Service.start(env, folder);
  }
  await submitting;
  for (const id of accepted) await untilExpired(target, id);
  stopReading.abort();
  await reading;
  for (const [answer, count] of reads) report(answer, count);
  assert.deepEqual(
    [...reads.keys()].filter(answer => !['200', '409', '410'].includes(answer)),
    [],
  );

  await eventually(
    async () => (await filesBelow(folder, 'jobs')).length === 0,
    'outputs are deleted',
    patienceMs,
  );
  // Uploads whose submission a kill cut off are kept for a day, as a row without a job.
  const cutOff = () => unnamedUploads(folder);
  await eventually(
    async () => (await filesBelow(folder, 'uploads')).every(id => cutOff().has(id)),
    'uploads are deleted',
    patienceMs,
  );
  await target.service.end('SIGTERM');
  assert.deepEqual(await filesBelow(folder, '.scratch'), []);
  report('jobs', jobs);
  report('kills', kills);
  report('orphans', 0);
  report('uploads cut off', cutOff().size);
});

/** Reads the newest jobs' images, and sometimes an older one's, until it is told to stop; counts the answers. */
async function readSome(
  target: Target,
  accepted: readonly string[],
  reads: Map<string, number>,
  signal: AbortSignal,
): Promise<void> {
  for (let i = 0; !signal.aborted; i += 1) {
    const id = accepted[i % 5 === 0 ? i % Math.max(1, accepted.length) : accepted.length - 1 - (i % 40)];
    if (id === undefined) {
      await setTimeout(10);
      continue;
    }
    const answer = await read(target, id);
    if (answer !== undefined) reads.set(answer, (reads.get(answer) ?? 0) + 1);
  }
}

/** The answer's status, or what is wrong with its bytes; undefined when the service was killed meanwhile. */
async function read({ service }: Target, id: string): Promise<string | undefined> {
  try {
    const answer = await fetch(`${service.url}/jobs/${id}/outputs/thumb`);
    const bytes = await answer.bytes();
    if (answer.status !== 200) return String(answer.status);
    const sum = createHash('sha256').update(bytes).digest('hex');
    return answer.headers.get('etag') === `"${sum}"` ? '200' : 'wrong bytes';
  } catch {
    await setTimeout(20);
    return undefined;
  }
}

async function untilExpired({ service }: Target, id: string): Promise<void> {
  const ask = async () => {
    const answer = await fetch(`${service.url}/jobs/${id}`);
    assert.equal(answer.status, 200, `accepted job ${id} is known`);
    return ((await answer.json()) as { status: string }).status === 'expired';
  };
  await eventually(ask, `job ${id} expires`, patienceMs);
}

async function filesBelow(folder: string, prefix: string): Promise<string[]> {
  const root = path.join(folder, 'objects', prefix);
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter(entry => entry.isFile()).map(entry => entry.name);
}

function unnamedUploads(folder: string): Set<unknown> {
  const database = new DatabaseSync(path.join(folder, 'tintype.db'), { readOnly: true });
  try {
    const rows = database.prepare('select id from uploads where jobs = 0 and abandoned_at is null').all();
    return new Set(rows.map(({ id }) => id));
  } finally {
    database.close();
  }
}
