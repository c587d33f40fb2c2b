import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { BrokerQueue } from '../../src/queue/broker-queue.ts';
import { eventually } from '../support/eventually.ts';
import type { RestartableServer } from '../support/servers/restartable-server.ts';
import type { OpenQueue } from './job-queue.ts';

/** A queue on a broker: what is left there can be counted, and it can be away. */
export interface OpenBrokerQueue extends OpenQueue {
  readonly server: RestartableServer;
  open(): Promise<BrokerQueue>;
  /** Messages that nobody has taken, as an autoscaler counts them. */
  backlog(): Promise<number>;
  /** Throws every message away, behind the back of those who use it. */
  wipe(): Promise<void>;
}

const never = new AbortController().signal;
const patienceMs = 60_000;

/** What a job queue on a broker must do besides: tell autoscalers how much work there is. */
export function backlogContract(open: () => Promise<OpenBrokerQueue>): void {
  it('counts one message a job, until as many are taken', async () => {
    await using opened = await open();
    const queue = await opened.open();
    // The first message to a new topic may be sent twice.
    queue.ring();
    assert.equal(await queue.wait(patienceMs, never), true);
    await eventually(
      async () => {
        await queue.take(1);
        return (await opened.backlog()) === 0;
      },
      'it is taken',
      patienceMs,
    );
    queue.ring(20);
    queue.ring();
    await eventually(async () => (await opened.backlog()) === 21, 'all are there', patienceMs);
    await eventually(
      async () => {
        await queue.take(4);
        return (await opened.backlog()) <= 17;
      },
      'some are taken',
      patienceMs,
    );
    await eventually(
      async () => {
        await queue.take(10);
        return (await opened.backlog()) === 0;
      },
      'all are taken',
      patienceMs,
    );
  });
}

/** What it must do when its broker dies, hangs and comes back. */
export function brokerAwayContract(open: () => Promise<OpenBrokerQueue>): void {
  it('does no harm while the broker is away, and carries on when it is back', async () => {
    await using opened = await open();
    const queue = await opened.open();
    assert.equal(await queue.wait(50, never), false);
    await opened.server.end('SIGKILL');
    const before = performance.now();
    queue.ring(3);
    await queue.take(3);
    assert.equal(await queue.wait(100, never), false);
    assert.ok(performance.now() - before < 5_000, 'nobody was held up');
    assert.match((await queue.fault()) ?? '', /does not answer/);
    await opened.server.startAgain();
    await eventually(
      async () => {
        queue.ring();
        return queue.wait(1_000, never);
      },
      'it rings again',
      patienceMs,
    );
    assert.equal(await queue.fault(), null);
  });

  it('holds nobody up while the broker hangs, and carries on when it answers', async () => {
    await using opened = await open();
    const queue = await opened.open();
    assert.equal(await queue.wait(50, never), false);
    opened.server.pause();
    const before = performance.now();
    queue.ring(3);
    for (let turn = 0; turn < 5; turn += 1) await queue.take(3);
    assert.equal(await queue.wait(100, never), false);
    assert.ok(performance.now() - before < 5_000, 'nobody was held up');
    opened.server.resume();
    await eventually(
      async () => {
        queue.ring();
        return queue.wait(1_000, never);
      },
      'it rings again',
      patienceMs,
    );
  });

  it('opens while the broker is away', async () => {
    await using opened = await open();
    await opened.server.end('SIGKILL');
    const queue = await opened.open();
    queue.ring();
    assert.equal(await queue.wait(50, never), false);
    await opened.server.startAgain();
    await eventually(
      async () => {
        queue.ring();
        return queue.wait(1_000, never);
      },
      'it rings',
      patienceMs,
    );
  });

  it('closes while the broker is away', async () => {
    await using opened = await open();
    const queue = await opened.open();
    assert.equal(await queue.wait(50, never), false);
    await opened.server.end('SIGKILL');
    queue.ring();
    const before = performance.now();
    await queue.close();
    assert.ok(performance.now() - before < 12_000, 'in time for a stop of the service');
    await opened.server.startAgain();
  });
}
