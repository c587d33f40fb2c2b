import assert from 'node:assert/strict';
import { v7 as uuidv7 } from 'uuid';
import type { OpenJobStore } from '../../src/job-store/open-job-store.ts';
import type { AttemptEnd, Claim, ClaimRef } from '../../src/jobs/attempt-store.ts';
import type { Failure, Job, NewJob, TriedJob } from '../../src/jobs/job.ts';
import type { StoredTables } from '../../src/jobs/stored-tables.ts';
import { eventually } from './eventually.ts';

/** A migrated, empty database of one test's own, and its end. */
export interface OpenDatabase extends AsyncDisposable {
  readonly store: OpenJobStore;
  /** Opens the same database once more, as another process would; closed with the first. */
  again(): Promise<OpenJobStore>;
  /** Opens its tables as a backup does; closed with the first. */
  tables(): Promise<StoredTables>;
}

export type OpenDatabaseForTest = () => Promise<OpenDatabase>;

export const minute = 60_000;
export const failure: Failure = { code: 'corrupt-image', message: 'The image is damaged.' };

export function newJob(changes: Partial<NewJob> = {}): NewJob {
  return {
    id: uuidv7(),
    owner: 'ann',
    priority: 'normal',
    source: { url: 'https://example.org/cat.jpg', filename: 'cat.jpg' },
    outputs: [{ name: 'thumb', filename: 'thumb_cat.jpg', options: { size: '100x100' } }],
    ...changes,
  };
}

/** Submits these, one after the other; resolves to their ids. */
export async function submitAll(store: OpenJobStore, jobs: readonly NewJob[]): Promise<string[]> {
  const ids = [];
  for (const job of jobs) ids.push((await store.jobs.submit(job)).id);
  return ids;
}

export async function claimOne(store: OpenJobStore, leaseMs = minute): Promise<Claim> {
  const [claim] = await store.attempts.claim('worker', 1, leaseMs);
  assert.ok(claim, 'a job is ready');
  return claim;
}

export function ref(claim: Claim): ClaimRef {
  return { jobId: claim.job.id, attempt: claim.attempt };
}

/** The end of an attempt that made every output. */
export function completed({ job, attempt }: Claim): AttemptEnd {
  const outputs = job.outputs.map(({ name }) => ({
    name,
    key: `jobs/${job.id}/${attempt}/${name}`,
    width: 100,
    height: 80,
    bytes: 4_000,
    contentType: 'image/jpeg',
    sha256: 'ab'.repeat(32),
  }));
  return { result: 'complete', outputs, read: { bytes: 50_000, pixels: 480_000 } };
}

export const failed: AttemptEnd = { result: 'failed', failure };

export function requeued(counts: boolean, delayMs = 0): AttemptEnd {
  return { result: 'requeued', failure, counts, delayMs };
}

/** A job from submission to a complete end. */
export async function completeJob(store: OpenJobStore, changes: Partial<NewJob> = {}): Promise<Job> {
  const { id } = await store.jobs.submit(newJob(changes));
  const claim = await claimOne(store);
  assert.equal(claim.job.id, id);
  assert.equal(await store.attempts.end(ref(claim), completed(claim)), true);
  return found(await store.jobs.get(id));
}

/** As a claim has it. */
export function untried(job: TriedJob | undefined): Job {
  const { tries: _, ...rest } = found(job);
  return rest;
}

export function found<T>(value: T | undefined): T {
  assert.ok(value !== undefined, 'it is there');
  return value;
}

/** Waits until every lease that is over was taken back; resolves to how many jobs that were. */
export function leasesExpire(store: OpenJobStore, maxLostLeases = 10): Promise<number> {
  return eventually(
    async () => (await store.attempts.expireLeases(maxLostLeases)) || undefined,
    'a lease ends',
  );
}
