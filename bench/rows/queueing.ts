import { DatabaseQueue } from '../../src/queue/database.ts';
import { Engines } from '../support/engines.ts';
import { noOpRate } from '../support/no-op-jobs.ts';
import { openPostgresAt } from '../support/open-stores.ts';
import { compare, round3 } from '../support/pairs.ts';
import { bullMqRate, graphileWorkerRate } from '../support/queue-peers.ts';
import type { Row } from '../support/row.ts';

const perRound = 2_000;
const rounds = 5;
const batch = 100;

export const queueing: Row = {
  number: '8',
  work: 'jobs that do nothing, from submission to end, on Postgres: 8 submissions and 8 jobs at once, 10 connections',
  peer: 'graphile-worker alone on the same Postgres, single addJob calls, no local queue',
  goal: '≥ 1.0 of its jobs/s',
  async measure() {
    await using engines = new Engines();
    const store = await openPostgresAt(await engines.database());
    await using _closing = { [Symbol.asyncDispose]: () => store.close() };
    const peer = await engines.database();
    const ours = async () => {
      await using queue = closing(new DatabaseQueue(store.changes));
      return await noOpRate(store, queue, perRound);
    };
    const comparison = await compare(ours, () => graphileWorkerRate(peer, perRound), rounds);
    const redis = await engines.redis();
    return {
      figure: comparison.ratio.median,
      unit: 'jobs/s',
      ...comparison,
      'graphile-worker with a local queue of 100': round3(await graphileWorkerRate(peer, perRound, batch)),
      'BullMQ alone on Redis': round3(await bullMqRate(redis, perRound)),
    };
  },
};

function closing(queue: DatabaseQueue): DatabaseQueue & AsyncDisposable {
  return Object.assign(queue, { [Symbol.asyncDispose]: () => queue.close() });
}
