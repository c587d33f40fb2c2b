// What the job store costs: CPU (all threads of this process) and wall time of one call, one JSON line for each state of
// the database; and the same of a job's three writes (submit, claim, end) with 1 and 8 jobs in flight, where calls share
// commits. The states take turns, so that a machine's moods hit all of them. On both databases, or on one:
//   node bench/claims.ts [SQLite|Postgres]

import { v7 as uuidv7 } from 'uuid';
import type { OpenJobStore } from '../src/job-store/open-job-store.ts';
import type { Claim } from '../src/jobs/attempt-store.ts';
import type { StoredOutput } from '../src/jobs/job.ts';
import { Costs } from './support/costs.ts';
import { seededStores } from './support/seeded-stores.ts';

const turns = 10;
const roundsPerTurn = 30;
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
  await using opened = new AsyncDisposableStack();
  const stores = [];
  for (const { state, ...seed } of states) {
    const store = opened.use(await open(seed));
    await work(store, roundsPerTurn, new Costs());
    stores.push({ state, store, costs: new Costs() });
  }
  for (let turn = 0; turn < turns; turn++) {
    for (const { store, costs } of stores) await work(store, roundsPerTurn, costs);
  }
  for (const { state, costs } of stores) {
    console.log(JSON.stringify({ database, state, unit: 'µs a call', ...costs.figures() }));
  }
}

async function work(store: OpenJobStore, count: number, costs: Costs): Promise<void> {
  await costs.measure('submit', count * perClaim, () => submitOne(store));
  const claimed: Claim[] = [];
  await costs.measure(`claim(${perClaim})`, count, async () => {
    claimed.push(...(await store.attempts.claim('bench', perClaim, leaseMs)));
  });
  const ending = claimed.values();
  await costs.measure('end', claimed.length, async () => {
    const claim = ending.next().value;
    if (claim === undefined) throw new Error('fewer claims than ends');
    await endOne(store, claim);
  });
  await costs.measure('list', count, () => store.jobs.list({ owner: 'owner-1' }, { limit: 50 }));
  await costs.measure('listStatus', count, () =>
    store.jobs.list({ owner: 'owner-1', status: 'complete' }, { limit: 50 }),
  );
  await costs.measure('get', count, () => store.jobs.get(claimed[0]?.job.id ?? ''));
  await costs.measure('job', count, () => runOne(store));
  await costs.measure(`${inFlight} submits at once`, count * perClaim, () => submitOne(store), inFlight);
  await costs.measure(`${inFlight} jobs at once`, count * perClaim, () => runOne(store), inFlight);
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
