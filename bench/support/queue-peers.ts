import { Queue, Worker } from 'bullmq';
import { Logger, run } from 'graphile-worker';
import { lanes } from './no-op-jobs.ts';
import { inParallel } from './pairs.ts';

/** Connections of a side to Postgres. */
export const connections = 10;

const silent = new Logger(() => () => {});
const task = 'noop';

/**
 * Jobs a second of graphile-worker on that database, from the first submission to the last end, submitted by single
 * calls. `batched`: workers are handed jobs from a local queue of that size.
 */
export async function graphileWorkerRate(
  connectionString: string,
  count: number,
  batched?: number,
): Promise<number> {
  const ends = countdown(count);
  const runner = await run({
    connectionString,
    maxPoolSize: connections,
    concurrency: lanes,
    logger: silent,
    noHandleSignals: true,
    parsedCronItems: [],
    taskList: { [task]: async () => ends.one() },
    ...(batched !== undefined && { preset: { worker: { localQueue: { size: batched } } } }),
  });
  const started = performance.now();
  await inParallel(count, lanes, async index => {
    await runner.addJob(task, { index });
  });
  await ends.all;
  await runner.stop();
  return count / ((performance.now() - started) / 1000);
}

/** The same of BullMQ on that Redis. */
export async function bullMqRate(url: string, count: number): Promise<number> {
  const { hostname: host, port } = new URL(url);
  const connection = { host, port: Number(port), maxRetriesPerRequest: null };
  const ends = countdown(count);
  const queue = new Queue(task, { connection });
  const worker = new Worker(task, async () => ends.one(), { connection, concurrency: lanes });
  await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
  const started = performance.now();
  await inParallel(count, lanes, async index => {
    await queue.add(task, { index });
  });
  await ends.all;
  await worker.close();
  const seconds = (performance.now() - started) / 1000;
  await queue.close();
  return count / seconds;
}

function countdown(count: number) {
  const { promise: all, resolve } = Promise.withResolvers<void>();
  let left = count;
  const one = () => {
    left -= 1;
    if (left === 0) resolve();
  };
  return { one, all };
}
