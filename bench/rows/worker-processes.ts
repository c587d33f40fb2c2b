import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { photo } from '../../test/support/photo.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { JobClient } from '../support/client.ts';
import { Engines } from '../support/engines.ts';
import { inParallel, round3 } from '../support/pairs.ts';
import type { Row } from '../support/row.ts';
import { startService } from '../support/start-service.ts';

const processes = [1, 2, 4];
const jobs = 400;
const inFlight = 16;

export const workerProcesses: Row = {
  number: 'processes',
  work: 'JPEG of 6 megapixels in the store → 100×100 on Postgres and Redis, by 1, 2 and 4 worker processes of one renderer each',
  peer: '1 worker process',
  goal: '–',
  async measure() {
    await using engines = new Engines();
    const rates = [];
    for (const workers of processes) rates.push(await rate(engines, workers));
    const [one = Number.NaN, two = Number.NaN, four = Number.NaN] = rates.map(round3);
    return {
      figure: round3(two / one),
      unit: 'times by 2',
      'images/s by 1, 2, 4': [one, two, four].join(' '),
    };
  },
};

async function rate(engines: Engines, workers: number): Promise<number> {
  await using cleanup = new AsyncDisposableStack();
  const folder = cleanup.use(await temporaryFolder()).path;
  const environment = {
    ...(await engines.environment({ jobs: 'Postgres', queue: 'Redis', objects: 'folder' })),
    OBJECT_STORE_URL: `file:${folder}`,
    WORKER_CONCURRENCY: '1',
  };
  await mkdir(path.join(folder, 'shared'));
  await photo(3000, 2000).jpeg().toFile(path.join(folder, 'shared/photo.jpg'));
  const api = cleanup.use(await startService({ ...environment, ROLES: 'api,sweeper' }));
  for (let worker = 0; worker < workers; worker += 1) {
    cleanup.use(await startService({ ...environment, ROLES: 'worker' }));
  }
  const client = cleanup.use(new JobClient(api.url));
  const job = JSON.stringify({
    source: { object: 'shared/photo.jpg' },
    outputs: [{ name: 'thumb', size: '100x100', fit: 'cover' }],
  });
  const run = async () => void (await client.run(job, 'application/json'));
  await inParallel(workers * 20, inFlight, run);
  return jobs / (await inParallel(jobs, inFlight, run));
}
