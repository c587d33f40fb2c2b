import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { OpenJobStore } from '../../src/job-store/open-job-store.ts';
import type { GroupReport } from '../../src/jobs/group-report.ts';
import { seededNumbers } from '../support/seeded-numbers.ts';
import { claimDeliveries } from '../support/stored-deliveries.ts';
import { deliver, newGroup, newPart, workAll } from '../support/stored-groups.ts';
import { completed, failed, found, minute, type OpenDatabaseForTest, ref } from '../support/stored-jobs.ts';

/** Retries, cancels and ends at once, over two connections: no group may be left behind, and none told wrongly. */
export function groupStorm(open: OpenDatabaseForTest): void {
  it('leaves no group behind, whatever is done to its jobs at once', async () => {
    await using database = await open();
    const stores = [database.store, await database.again()];
    const keys = [{ orderKey: 'k0' }, { orderKey: 'k1' }, {}];
    const groups = Array.from({ length: 45 }, (_, i) => {
      const jobs = i % 9 === 8 ? [] : [newPart('a'), newPart('b')];
      return newGroup({ ...keys[i % 3], jobs, context: i });
    });
    await database.store.intake.submitGroups(groups);
    const ids = groups.flatMap(group => group.jobs.map(job => job.id));
    await Promise.all(stores.flatMap((store, i) => [1, 2].map(lane => storm(store, ids, i * 2 + lane))));
    while ((await workAll(database.store)).length > 0);
    const backlog = await database.store.jobs.backlog();
    assert.deepEqual(backlog, { pending: 0, processing: 0 });
    const reports = await allTold(database.store);
    for (const [context, { parts }] of reports) {
      const jobs = found(groups[context]).jobs;
      const stored = await Promise.all(jobs.map(job => database.store.jobs.get(job.id)));
      assert.deepEqual(
        parts.map(part => part.status),
        stored.map(job => job?.status),
      );
    }
    assert.equal(reports.size, groups.length);
  });
}

/** Seeded, so that it is the same each time as far as the order of what happens at once allows. */
async function storm(store: OpenJobStore, ids: readonly string[], seed: number): Promise<void> {
  const next = seededNumbers(seed);
  for (let round = 0; round < 60; round++) {
    const id = found(ids[next(ids.length)]);
    const what = next(100);
    if (what < 30) await store.jobs.cancel(id).catch(expected);
    else if (what < 50) await store.jobs.retry(id).catch(expected);
    else if (what < 60) await store.failedJobs.retry(ids.slice(0, 20));
    else {
      const claims = await store.attempts.claim(`worker ${seed}`, 4, minute);
      await Promise.all(
        claims.map(claim => store.attempts.end(ref(claim), next(100) < 40 ? failed : completed(claim))),
      );
    }
  }
}

function expected(error: { code?: string }): void {
  assert.ok(['job-ended', 'job-not-retryable'].includes(error.code ?? ''), String(error));
}

/** What was told of each group last, by its context. */
async function allTold(store: OpenJobStore): Promise<Map<number, GroupReport>> {
  const newest = new Map<number, GroupReport>();
  for (;;) {
    const deliveries = await claimDeliveries(store);
    if (deliveries.length === 0) break;
    for (const delivery of deliveries) {
      const report = JSON.parse(delivery.body) as GroupReport;
      const context = report.context as number;
      const known = newest.get(context);
      if (known === undefined || known.endedAt <= report.endedAt) newest.set(context, report);
      await deliver(store, delivery);
    }
  }
  assert.equal((await store.deliveries.backlog()).pending, 0);
  return newest;
}
