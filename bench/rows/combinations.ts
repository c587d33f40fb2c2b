import { readConfig } from '../../src/config/config.ts';
import { jobQueueOptions } from '../../src/config/job-queue-options.ts';
import { openJobQueue } from '../../src/queue/open-job-queue.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { percentile } from '../../test/support/percentile.ts';
import { photo } from '../../test/support/photo.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { JobClient, multipart } from '../support/client.ts';
import { type Combination, Engines, nameOf } from '../support/engines.ts';
import { lanes, noOpRate } from '../support/no-op-jobs.ts';
import { openPostgresAt, openSqliteIn } from '../support/open-stores.ts';
import { inParallel, round3 } from '../support/pairs.ts';
import type { Row } from '../support/row.ts';
import { startService } from '../support/start-service.ts';

const combinations: readonly Combination[] = [
  { jobs: 'SQLite', queue: 'database', objects: 'folder' },
  { jobs: 'SQLite', queue: 'Redis', objects: 'folder' },
  { jobs: 'Postgres', queue: 'database', objects: 'folder' },
  { jobs: 'Postgres', queue: 'database', objects: 'S3' },
  { jobs: 'Postgres', queue: 'Redis', objects: 'folder' },
  { jobs: 'Postgres', queue: 'Redis', objects: 'S3' },
  { jobs: 'Postgres', queue: 'SQS', objects: 'S3' },
  { jobs: 'Postgres', queue: 'Kafka', objects: 'S3' },
];

const noOps = 2_000;
const thumbnails = 500;
const idleJobs = 200;
const warmUp = 20;

/** What a combination of engines costs: one row each. */
export const combinationRows: readonly Row[] = combinations.map((combination, index) => ({
  number: `engines ${index + 1}`,
  work: `${nameOf(combination)}: thumbnails of JPEGs of 640×480 by upload, 8 in flight`,
  peer: '–',
  goal: combination.jobs === 'Postgres' && combination.queue === 'Redis' ? 'idle p95 ≤ 80 ms' : '–',
  measure: () => measure(combination),
}));

async function measure(combination: Combination) {
  await using engines = new Engines();
  const environment = await engines.environment(combination);
  const service = await thumbnailFigures(environment);
  const noOp = await noOpFigure(combination, engines, environment.JOB_QUEUE_URL);
  return { ...service, 'no-op jobs/s': round3(noOp) };
}

async function thumbnailFigures(environment: Record<string, string>) {
  await using service = await startService(environment);
  await using client = new JobClient(service.url);
  const { body, contentType } = multipart(await photo(640, 480).jpeg().toBuffer(), 'small.jpg');
  const one = () => client.run(body, contentType);
  for (let job = 0; job < warmUp; job += 1) await one();
  const times: number[] = [];
  for (let job = 0; job < idleJobs; job += 1) {
    const started = performance.now();
    await one();
    times.push(performance.now() - started);
  }
  const seconds = await inParallel(thumbnails, lanes, async () => void (await one()));
  return {
    figure: round3(thumbnails / seconds),
    unit: 'thumbnails/s',
    'idle p50 ms': round3(percentile(times, 0.5)),
    'idle p95 ms': round3(percentile(times, 0.95)),
  };
}

/** @param JOB_QUEUE_URL of a queue that the service is done with; undefined is the job store's own */
async function noOpFigure(
  { jobs }: Combination,
  engines: Engines,
  JOB_QUEUE_URL: string | undefined,
): Promise<number> {
  await using cleanup = new AsyncDisposableStack();
  const folder = cleanup.use(await temporaryFolder()).path;
  const store =
    jobs === 'SQLite' ? await openSqliteIn(folder) : await openPostgresAt(await engines.database());
  cleanup.defer(() => store.close());
  const config = readConfig(JOB_QUEUE_URL === undefined ? {} : { JOB_QUEUE_URL });
  const queue = await openJobQueue(jobQueueOptions(config), store.changes, createLogger('silent'));
  cleanup.defer(() => queue.close());
  await noOpRate(store, queue, noOps / 10);
  return await noOpRate(store, queue, noOps);
}
