import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { JobQueue } from '../../src/jobs/job-queue.ts';
import { eventually } from '../support/eventually.ts';

/** A queue of one test's own, and its end. */
export interface OpenQueue extends AsyncDisposable {
  /** Opens it as one more process does. */
  open(): Promise<JobQueue>;
  /** As a submission of so many jobs does in the process that has the queue. */
  submit(queue: JobQueue, jobs: number): Promise<void>;
}

export type OpenQueueForTest = () => Promise<OpenQueue>;

const never = new AbortController().signal;
/** Much longer than a ring takes on a slow machine; a wait that ends by its time gives false. */
const longMs = 20_000;

/** What every job queue must do, whatever carries its messages. */
export function jobQueueContract(open: OpenQueueForTest): void {
  it('wakes the one who waits', async () => {
    await using opened = await open();
    const queue = await opened.open();
    const waiting = queue.wait(longMs, never);
    await opened.submit(queue, 1);
    assert.equal(await waiting, true);
  });

  it('keeps a ring until somebody waits', async () => {
    await using opened = await open();
    const queue = await opened.open();
    await opened.submit(queue, 1);
    assert.equal(await queue.wait(longMs, never), true);
    assert.equal(await queue.wait(300, never), false, 'it rang once');
  });

  it('ends a wait at its time, and at an abort', async () => {
    await using opened = await open();
    const queue = await opened.open();
    assert.equal(await queue.wait(50, never), false);
    const stopping = new AbortController();
    const waiting = queue.wait(longMs, stopping.signal);
    const before = performance.now();
    stopping.abort();
    assert.equal(await waiting, false);
    assert.equal(await queue.wait(longMs, stopping.signal), false);
    assert.ok(performance.now() - before < longMs / 2, 'both ended at once');
  });

  it('rings again for those who wait after a wait that ended', async () => {
    await using opened = await open();
    const queue = await opened.open();
    for (let round = 0; round < 3; round += 1) {
      while (await queue.wait(20, never));
      const waiting = queue.wait(longMs, never);
      await opened.submit(queue, 1);
      assert.equal(await waiting, true);
    }
  });

  it('wakes as many processes as there are jobs', async () => {
    await using opened = await open();
    const queues = await Promise.all([opened.open(), opened.open(), opened.open()]);
    // Each has waited once, so that a group of theirs has settled.
    await Promise.all(queues.map(queue => queue.wait(100, never)));
    const waiting = queues.map(queue => ringsFor(queue));
    const [first] = queues;
    assert.ok(first);
    await eventually(
      async () => {
        await opened.submit(first, queues.length);
        return Promise.race([
          Promise.all(waiting).then(() => true),
          new Promise<false>(resolve => setTimeout(resolve, 2_000, false)),
        ]);
      },
      'all are woken',
      longMs * 2,
    );
  });

  it('takes what was rung, so that nobody wakes for it', async () => {
    await using opened = await open();
    const queue = await opened.open();
    await opened.submit(queue, 5);
    assert.equal(await queue.wait(longMs, never), true);
    await eventually(
      async () => {
        await queue.take(10);
        return !(await queue.wait(200, never));
      },
      'all are taken',
      longMs,
    );
  });

  it('has no fault', async () => {
    await using opened = await open();
    assert.equal(await (await opened.open()).fault(), null);
  });

  it('ends waits when it is closed, and can be closed twice', async () => {
    await using opened = await open();
    const queue = await opened.open();
    const waiting = queue.wait(longMs, never);
    await Promise.all([queue.close(), queue.close()]);
    assert.equal(await waiting, false);
    await queue.close();
    queue.ring();
    await queue.take(3);
    assert.equal(await queue.wait(longMs, never), false);
  });
}

/** Waits as a worker does, again and again until it is woken. */
async function ringsFor(queue: JobQueue): Promise<void> {
  while (!(await queue.wait(1_000, never)));
}
