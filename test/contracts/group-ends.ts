import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Failure } from '../../src/jobs/job.ts';
import { claimDeliveries } from '../support/stored-deliveries.ts';
import {
  claimAll,
  deliver,
  deliverAll,
  endNext,
  newGroup,
  newPart,
  reportOf,
  topic,
} from '../support/stored-groups.ts';
import {
  claimOne,
  completed,
  failed,
  failure,
  found,
  leasesExpire,
  type OpenDatabaseForTest,
  ref,
} from '../support/stored-jobs.ts';

const url = 'https://a.example.org/hook';
const queue = 'https://sqs.example.org/1/answers';
const refusal: Failure = { code: 'address-blocked', message: 'A private address.' };

/** What becomes of groups when their jobs end, and when these run again. */
export function groupEndsContract(open: OpenDatabaseForTest): void {
  describe('the end of a group', () => ends(open));
  describe('a retry', () => retries(open));
}

function ends(open: OpenDatabaseForTest): void {
  it('comes with the last of its jobs, and tells each target what became of all', async () => {
    await using database = await open();
    const { store } = database;
    const [image, poster] = [newPart('image'), newPart('poster')];
    const context = { text: 'ü\u0000', big: '12345678901234567890' };
    await store.intake.submitGroups([
      newGroup({
        jobs: [image, poster],
        refused: [{ part: 'other', failure: refusal }],
        context,
        exports: [
          { part: 'image', output: 'thumb', bucket: 'out', key: 'a.jpg' },
          { part: 'poster', output: 'thumb', bucket: 'out', key: 'b.jpg' },
        ],
        targets: [
          topic,
          { kind: 'sqs', queue },
          { kind: 'webhook', url, secret: 'sealed' },
          { kind: 'mongodb', collection: 'channel', document: '7' },
        ],
      }),
    ]);
    const first = await endNext(store);
    assert.deepEqual(await claimDeliveries(store), []);
    await endNext(store, failed);
    const deliveries = await claimDeliveries(store);
    assert.deepEqual(
      deliveries.map(({ target }) => target).sort((a, b) => (a.kind < b.kind ? -1 : 1)),
      [
        topic,
        { kind: 'mongodb', collection: 'channel', document: '7' },
        { kind: 'sqs', queue },
        { kind: 'webhook', url, secrets: ['sealed'] },
      ],
    );
    assert.equal(new Set(deliveries.map(({ body }) => body)).size, 1);
    const report = reportOf(deliveries[0]);
    assert.deepEqual(report.context, context);
    assert.deepEqual(
      report.parts.map(({ part, jobId, status, failure: why }) => [part, jobId, status, why]),
      [
        ['image', image.id, 'complete', undefined],
        ['poster', poster.id, 'failed', failure],
        ['other', undefined, 'failed', refusal],
      ],
    );
    const key = `jobs/${image.id}/${first.attempt}/thumb`;
    assert.deepEqual(report.parts[0]?.outputs, [
      { name: 'thumb', key, width: 100, height: 80, bytes: 4_000, contentType: 'image/jpeg' },
    ]);
    assert.equal(report.exports.length, 2);
    const made = { position: 0, objectKey: key, bucket: 'out', key: 'a.jpg', contentType: 'image/jpeg' };
    for (const delivery of deliveries) {
      assert.deepEqual(delivery.exports, [made], 'what failed is not exported');
      assert.equal(delivery.groupId, report.id);
    }
  });

  it('comes at once where there are no jobs', async () => {
    await using database = await open();
    const { store } = database;
    const refused = [{ part: 'image', failure: refusal }];
    await store.intake.submitGroups([newGroup({ jobs: [], refused }), newGroup()]);
    const [report, ...more] = await deliverAll(store);
    assert.deepEqual(more, []);
    assert.deepEqual(report?.parts, [{ part: 'image', status: 'failed', failure: refusal, outputs: [] }]);
  });

  it('counts cancelled jobs and those that were given up as ended', async () => {
    await using database = await open();
    const { store } = database;
    const cancelled = newPart('image');
    await store.intake.submitGroups([newGroup({ jobs: [cancelled, newPart('poster')] })]);
    for (const _ of ['once', 'again']) await store.jobs.cancel(cancelled.id);
    await claimOne(store, 1);
    await leasesExpire(store, 1);
    const [report] = await deliverAll(store);
    assert.deepEqual(
      report?.parts.map(({ status, failure: why }) => [status, why?.code]),
      [
        ['cancelled', 'job-cancelled'],
        ['failed', 'worker-lost'],
      ],
    );
  });

  it('comes once when its last two jobs end at the same time', async () => {
    await using database = await open();
    const stores = [database.store, await database.again()];
    for (let round = 0; round < 30; round++) {
      const parts = [newPart('image'), newPart('poster')];
      await database.store.intake.submitGroups([newGroup({ jobs: parts })]);
      const claims = await claimAll(database.store);
      await Promise.all(
        claims.map((claim, i) =>
          i === 1 && round % 3 === 0
            ? found(stores[i]).jobs.cancel(claim.job.id)
            : found(stores[i]).attempts.end(ref(claim), completed(claim)),
        ),
      );
      const [report, ...more] = await deliverAll(database.store);
      assert.equal(more.length, 0);
      assert.deepEqual(
        report?.parts
          .map(part => part.status)
          .sort()
          .at(0),
        round % 3 ? 'complete' : 'cancelled',
      );
    }
  });

  it('is not told twice when an attempt is ended again', async () => {
    await using database = await open();
    const { store } = database;
    await store.intake.submitGroups([newGroup()]);
    const claim = await endNext(store);
    assert.equal(await store.attempts.end(ref(claim), completed(claim)), true);
    assert.equal((await deliverAll(store)).length, 1);
  });

  it('shares the exports: what one delivery has made the others need not', async () => {
    await using database = await open();
    const { store } = database;
    const exports = ['a', 'b'].map(key => ({ part: 'image', output: 'thumb', bucket: 'out', key }));
    await store.intake.submitGroups([newGroup({ exports, targets: [topic, { kind: 'sqs', queue }] })]);
    await endNext(store);
    const [first] = await claimDeliveries(store, { limit: 1 });
    assert.equal(first?.exports.length, 2);
    await store.deliveries.exported(found(first?.groupId), [1]);
    const [second] = await claimDeliveries(store, { limit: 1 });
    assert.deepEqual(
      second?.exports.map(each => each.position),
      [0],
    );
    await store.deliveries.exported(found(first?.groupId), [0]);
    const ref = found(second);
    await store.deliveries.end(ref, { at: 0, latencyMs: 0 }, { result: 'again', delayMs: 0, counts: true });
    const [again] = await claimDeliveries(store, { limit: 1 });
    assert.deepEqual([again?.id, again?.body, again?.exports], [ref.id, ref.body, []]);
  });
}

function retries(open: OpenDatabaseForTest): void {
  it('opens the group again; its next end is told under new ids', async () => {
    await using database = await open();
    const { store } = database;
    const exports = ['image', 'poster'].map(part => ({ part, output: 'thumb', bucket: 'out', key: part }));
    await store.intake.submitGroups([newGroup({ jobs: [newPart('image'), newPart('poster')], exports })]);
    await endNext(store);
    const { job } = await endNext(store, failed);
    const [before] = await claimDeliveries(store);
    await store.deliveries.exported(found(before?.groupId), [0]);
    await deliver(store, found(before));
    await store.jobs.retry(job.id);
    assert.deepEqual(await claimDeliveries(store), []);
    await endNext(store);
    const [after] = await claimDeliveries(store);
    assert.notEqual(after?.id, before?.id);
    assert.equal(after?.groupId, before?.groupId);
    assert.deepEqual(
      reportOf(after).parts.map(part => part.status),
      ['complete', 'complete'],
    );
    assert.deepEqual(
      after?.exports.map(each => each.key),
      ['poster'],
    );
    const { deliveries } = await store.deliveryLog.list({ jobId: job.id }, { limit: 10 });
    assert.deepEqual(
      deliveries.map(({ run, groupId, type, target }) => [run, groupId, type, target]),
      [2, 1].map(run => [run, before?.groupId, 'group.ended', topic]),
    );
  });

  it('of many failed jobs opens their groups too', async () => {
    await using database = await open();
    const { store } = database;
    await store.intake.submitGroups([
      newGroup(),
      newGroup(),
      newGroup({ jobs: [newPart('a'), newPart('b')] }),
    ]);
    const ids: string[] = [];
    for (let i = 0; i < 4; i++) ids.push((await endNext(store, failed)).job.id);
    assert.equal((await deliverAll(store)).length, 3);
    assert.equal(await store.failedJobs.retry(ids), 4);
    for (const _ of ids) await endNext(store);
    const reports = await deliverAll(store);
    assert.equal(reports.length, 3);
    assert.ok(reports.every(({ parts }) => parts.every(part => part.status === 'complete')));
  });

  it('while other jobs of the group are under way changes nothing but the count', async () => {
    await using database = await open();
    const { store } = database;
    await store.intake.submitGroups([newGroup({ jobs: [newPart('a'), newPart('b')] })]);
    const { job } = await endNext(store, failed);
    await store.jobs.retry(job.id);
    await endNext(store);
    assert.deepEqual(await claimDeliveries(store), []);
    await endNext(store);
    assert.equal((await deliverAll(store)).length, 1);
  });
}
