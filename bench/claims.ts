// What the job store costs: CPU (all threads of this process) and wall time of one call, one JSON line for each state of
// the database; and the same of a job's three writes (submit, claim, end) with 1 and 8 jobs in flight, where calls share
// commits. On both databases, or on one:
//   node bench/claims.ts [SQLite|Postgres]

import { v7 as uuidv7 } from 'uuid';
import type { OpenJobStore } from '../src/job-store/open-job-store.ts';
import type { Claim } from '../src/jobs/attempt-store.ts';
import type { StoredOutput } from '../src/jobs/job.ts';
import { median, percentile } from '../test/support/percentile.ts';
import { seededStores } from './support/seeded-stores.ts';

const rounds = 300;
const perClaim = 4;
const leaseMs = 3_600_000;
const inFlight = 8;

const states = [
  { state: '10 k finished', count: 10_000, status: 'complete', owners: 10 },
  { state: '100 k finished', count: 100_000, status: 'complete', owners: 10 },
  { state: '1 M finished', count: 1_000_000, status: 'complete', owners: 10 },
  { state: '10 k pending of one owner', count: 10_000, status: 'pending', owners: 1 },
  { state: '100 k pending of 1,000 owners', count: 100_000, status: 'pending', owners: 1_000 },
] as const;

const [wanted] = process.argv.slice(2);

for (const [database, open] of Object.entries(seededStores)) {
  if (wanted !== undefined && wanted !== database) continue;
  for (const { state, ...seed } of states) {
    await using store = await open(seed);
    await work(store, 50);
    console.log(JSON.stringify({ database, state, ...(await work(store, rounds)) }));
  }
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
