// What the job store costs: CPU (all threads) and wall time of one call, one JSON line for each state of the database;
// and the same of a job's three writes (submit, claim, end) with 1 and 8 jobs in flight, where calls share commits.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { v7 as uuidv7 } from 'uuid';
import type { OpenJobStore } from '../src/job-store/open-job-store.ts';
import { openSqlite } from '../src/job-store/sqlite/sqlite.ts';
import type { Claim } from '../src/jobs/attempt-store.ts';
import type { StoredOutput } from '../src/jobs/job.ts';
import { median, percentile } from '../test/support/percentile.ts';

const rounds = 300;
const perClaim = 4;
const leaseMs = 3_600_000;
const inFlight = 8;

const states = [
  { name: '10 k finished', finished: 10_000 },
  { name: '100 k finished', finished: 100_000 },
  { name: '1 M finished', finished: 1_000_000 },
  { name: '10 k pending of one owner', pending: 10_000, owners: 1 },
  { name: '100 k pending of 1,000 owners', pending: 100_000, owners: 1_000 },
];

for (const state of states) {
  const folder = await mkdtemp(path.join(tmpdir(), 'tintype-bench-'));
  try {
    console.log(
      JSON.stringify({ state: state.name, ...(await measureState(path.join(folder, 'jobs.db'), state)) }),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function measureState(file: string, state: { finished?: number; pending?: number; owners?: number }) {
  await using store = await openMigrated(file);
  if (state.finished !== undefined) seed(file, state.finished, 10, 'complete');
  if (state.pending !== undefined) seed(file, state.pending, state.owners ?? 1, 'pending');
  await work(store, 50);
  return await work(store, rounds);
}

async function openMigrated(file: string): Promise<OpenJobStore & AsyncDisposable> {
  const store = await openSqlite({ file, exclusive: true });
  await store.migrate();
  return { ...store, [Symbol.asyncDispose]: () => store.close() };
}

async function work(store: OpenJobStore, count: number) {
  const submit = await measure(count * perClaim, () => submitOne(store));
  const claimed: Claim[] = [];
  const claim = await measure(count, async () => {
    claimed.push(...(await store.attempts.claim('bench', perClaim, leaseMs)));
  });
  const ending = claimed.values();
  const end = await measure(claimed.length, async () => {
    const claim = ending.next().value;
    if (claim === undefined) throw new Error('fewer claims than ends');
    await endOne(store, claim);
  });
  const list = await measure(count, () => store.jobs.list({ owner: 'owner-1' }, { limit: 50 }));
  const listStatus = await measure(count, () =>
    store.jobs.list({ owner: 'owner-1', status: 'complete' }, { limit: 50 }),
  );
  const get = await measure(count, () => store.jobs.get(claimed[0]?.job.id ?? ''));
  const job = await measure(count, () => runOne(store));
  const submitters = await measure(count * perClaim, () => submitOne(store), inFlight);
  const jobs = await measure(count * perClaim, () => runOne(store), inFlight);
  return {
    unit: 'µs a call',
    ...{ submit, [`claim(${perClaim})`]: claim, end, list, listStatus, get, job },
    [`${inFlight} submits at once`]: submitters,
    [`${inFlight} jobs at once`]: jobs,
  };
}

/** `each` is the wall time by the number of calls: what a call costs where several share the time. */
async function measure(count: number, call: () => Promise<unknown>, atOnce = 1) {
  const times: number[] = [];
  let left = count;
  const caller = async () => {
    while (left-- > 0) {
      const start = performance.now();
      await call();
      times.push(performance.now() - start);
    }
  };
  const cpu = process.cpuUsage();
  const began = performance.now();
  await Promise.all(Array.from({ length: atOnce }, caller));
  const wall = performance.now() - began;
  const used = process.cpuUsage(cpu);
  return {
    cpu: Math.round((used.user + used.system) / count),
    each: Math.round((wall / count) * 1000),
    median: Math.round(median(times) * 1000),
    p95: Math.round(percentile(times, 0.95) * 1000),
  };
}

/** A job from submission to its end; whose job it ends is all the same. */
async function runOne(store: OpenJobStore): Promise<void> {
  await submitOne(store);
  const [claim] = await store.attempts.claim('bench', 1, leaseMs);
  if (claim === undefined) throw new Error('fewer jobs than claims');
  await endOne(store, claim);
}

async function endOne(store: OpenJobStore, { job, attempt }: Claim): Promise<void> {
  await store.attempts.end(
    { jobId: job.id, attempt },
    { result: 'complete', outputs: [stored(job.id)], read: { bytes: 2e6, pixels: 6e6 } },
  );
}

function submitOne(store: OpenJobStore) {
  return store.jobs.submit({
    id: uuidv7(),
    owner: 'owner-1',
    priority: 'normal',
    source: { url: 'https://example.org/photo.jpg', filename: 'photo.jpg' },
    outputs: [{ name: 'thumb', filename: 'thumb_photo.jpg', options: { size: '100x100', fit: 'cover' } }],
  });
}

function stored(jobId: string): StoredOutput {
  const key = `jobs/${jobId}/1/thumb.jpg`;
  const sha256 = 'a'.repeat(64);
  return { name: 'thumb', key, width: 100, height: 100, bytes: 4_000, contentType: 'image/jpeg', sha256 };
}

/** Jobs with all that belongs to them, as if they had come one a second before now. */
function seed(file: string, count: number, owners: number, status: 'complete' | 'pending'): void {
  const database = new DatabaseSync(file);
  const done = status === 'complete' ? 1 : 0;
  const id = `printf('%08x-%04x-7000-8000-%012x', (now - (:count - n) * 1000) / 65536, (now - (:count - n) * 1000) % 65536, n)`;
  database.exec('begin');
  database
    .prepare(`
    with recursive numbers(n, now) as (
      select 1, unixepoch() * 1000 union all select n + 1, now from numbers where n < :count
    )
    insert into jobs (id, owner, status, priority, class, run, claims, attempts, lost_leases, ran_ms, progress, source,
      submitted_at, not_before, ready, waiting, started_at, ended_at)
    select ${id}, 'owner-' || (n % :owners), :status, 1, 'seed', 1, :done, :done, 0, 20 * :done, :done,
      '{"url":"https://example.org/photo.jpg","filename":"photo.jpg"}', now - (:count - n) * 1000, 0, 1 - :done, 0,
      now, iif(:done, now, null)
    from numbers`)
    .run({ count, owners, status, done });
  database
    .prepare(`
    insert into outputs (job_id, name, position, owner, filename, options, status, stored)
    select id, 'thumb', 0, owner, 'thumb_photo.jpg', '{"size":"100x100","fit":"cover"}', :status,
      iif(:status = 'complete', json_object('name', 'thumb', 'key', 'jobs/' || id || '/1/thumb.jpg', 'width', 100,
        'height', 100, 'bytes', 4000, 'contentType', 'image/jpeg', 'sha256', hex(randomblob(32))), null)
    from jobs`)
    .run({ status });
  database.exec(`insert into attempts (job_id, attempt, run, worker, started_at, ended_at, result, leftover)
    select id, 1, 1, 'seed', ended_at - 20, ended_at, 'complete', 0 from jobs where status = 'complete';
    insert into events (job_id, owner, status, run, at) select id, owner, status, 1, submitted_at from jobs;
    commit; pragma wal_checkpoint(truncate)`);
  database.close();
}
