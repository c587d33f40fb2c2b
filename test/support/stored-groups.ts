import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { OpenJobStore } from '../../src/job-store/open-job-store.ts';
import type { AttemptEnd, Claim } from '../../src/jobs/attempt-store.ts';
import type { ClaimedDelivery } from '../../src/jobs/delivery-store.ts';
import type { GroupReport } from '../../src/jobs/group-report.ts';
import type { NewGroup, NewPart } from '../../src/jobs/intake-store.ts';
import type { NewJob } from '../../src/jobs/job.ts';
import { claimDeliveries } from './stored-deliveries.ts';
import { claimOne, completed, minute, newJob, ref } from './stored-jobs.ts';

export const topic = { kind: 'kafka', topic: 'processed' } as const;

export function newPart(part: string, changes: Partial<NewJob> = {}): NewPart {
  return { ...newJob(changes), part };
}

/** Of one job with one Kafka topic to tell, where nothing else is said. */
export function newGroup(changes: Partial<NewGroup> = {}): NewGroup {
  return {
    eventKey: `kafka:cluster:topic:0:${randomUUID()}`,
    owner: 'ann',
    jobs: [newPart('image')],
    refused: [],
    context: null,
    exports: [],
    targets: [topic],
    ...changes,
  };
}

export function reportOf(delivery: ClaimedDelivery | undefined): GroupReport {
  assert.ok(delivery, 'a delivery is ready');
  return JSON.parse(delivery.body);
}

/** Of the deliveries that are ready, what they report; they are delivered by that. */
export async function deliverAll(store: OpenJobStore): Promise<GroupReport[]> {
  const deliveries = await claimDeliveries(store);
  for (const delivery of deliveries) await deliver(store, delivery);
  return deliveries.map(reportOf);
}

export async function deliver(store: OpenJobStore, delivery: ClaimedDelivery): Promise<void> {
  const made = { at: 1_000, latencyMs: 1 };
  assert.equal(await store.deliveries.end(delivery, made, { result: 'delivered' }), true);
}

/** The next job's attempt ends so; complete, where nothing else is said. */
export async function endNext(store: OpenJobStore, end?: AttemptEnd): Promise<Claim> {
  const claim = await claimOne(store);
  assert.equal(await store.attempts.end(ref(claim), end ?? completed(claim)), true);
  return claim;
}

export async function claimAll(store: OpenJobStore): Promise<Claim[]> {
  return store.attempts.claim('worker', 100, minute);
}

/** Claims and completes until nothing is ready; resolves to the filenames of the sources in the order of the claims. */
export async function workAll(store: OpenJobStore, atOnce = 100): Promise<string[]> {
  const names: string[] = [];
  for (;;) {
    const claims = await store.attempts.claim('worker', atOnce, minute);
    if (claims.length === 0) return names;
    names.push(...claims.map(claim => claim.job.source.filename));
    await Promise.all(claims.map(claim => store.attempts.end(ref(claim), completed(claim))));
  }
}
