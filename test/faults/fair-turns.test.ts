import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { addKey, type Caller } from '../support/callers.ts';
import { eventually } from '../support/eventually.ts';
import { percentile } from '../support/percentile.ts';
import { photo } from '../support/photo.ts';
import { Service } from '../support/service.ts';
import { metric } from '../support/service-facts.ts';
import { fault } from './fault.ts';

/** Renderers of the service; it has three jobs in work for each (WORKER_CONCURRENCY). */
const renderers = 2;
const inWork = renderers * 3;
const lanes = 16;

const row = {
  row: 'fair',
  fault: "one owner's thousands of pending jobs in front of another owner's single one",
  mustShow: 'the single job waits for a few renders, not for the backlog',
  inTests: { pending: 250, tries: 5 },
  full: { pending: 10_000, tries: 20 },
};

interface Job {
  readonly id: string;
  readonly start: string;
  readonly finish: string;
  readonly status: string;
}

fault(row, async ({ pending, tries }, report, t) => {
  await using service = await Service.start({
    AUTH: 'keys',
    RATE_LIMIT: '0',
    MAX_QUEUED_JOBS_PER_OWNER: String(pending * 2),
    WORKER_CONCURRENCY: String(renderers),
  });
  await mkdir(`${service.folder}/objects/shared`, { recursive: true });
  await photo(2400, 1600).jpeg().toFile(`${service.folder}/objects/shared/photo.jpg`);
  const [many, single] = [await addKey(service, 'many'), await addKey(service, 'single')];

  const alone: number[] = [];
  for (let i = 0; i < tries; i++) alone.push(milliseconds(await complete(service, single)));

  const backlog = () => metric(service, 'tintype_jobs{status="pending"}');
  while ((await backlog()) < pending) {
    await Promise.all(Array.from({ length: lanes }, () => submit(service, many)));
  }
  const waited: Job[] = [];
  for (let i = 0; i < tries; i++) waited.push(await complete(service, single));
  const left = await backlog();
  t.diagnostic(`${left} still wait`);
  assert.ok(left > pending / 2, 'the backlog was there all the time');

  const ends = (await completedJobs(service, many)).map(({ finish }) => Date.parse(finish));
  const overtaken = waited.map(
    ({ start, finish }) => ends.filter(end => end > Date.parse(start) && end <= Date.parse(finish)).length,
  );
  report('pending', pending);
  report('alone: median ms', percentile(alone, 0.5));
  report('behind them: median ms', percentile(waited.map(milliseconds), 0.5));
  report('behind them: longest ms', Math.max(...waited.map(milliseconds)));
  report("others' renders waited for: median", percentile(overtaken, 0.5));
  report("others' renders waited for: most", Math.max(...overtaken));
  // What was in work already, and once more as much that was claimed with it.
  assert.ok(percentile(overtaken, 0.5) <= inWork * 2, `${overtaken}`);
  assert.ok(Math.max(...overtaken) <= inWork * 4, `${overtaken}`);
});

async function submit({ url }: Service, headers: Caller['headers']): Promise<string> {
  const answer = await fetch(`${url}/jobs`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ source: { object: 'shared/photo.jpg' } }),
  });
  assert.equal(answer.status, 202);
  return ((await answer.json()) as Job).id;
}

async function complete(service: Service, headers: Caller['headers']): Promise<Job> {
  const id = await submit(service, headers);
  const ended = async () => {
    const job = (await (await fetch(`${service.url}/jobs/${id}`, { headers })).json()) as Job;
    return job.status !== 'pending' && job.status !== 'processing' && job;
  };
  const job = await eventually(ended, 'the single job ends', 60_000);
  assert.equal(job.status, 'complete');
  return job;
}

async function completedJobs({ url }: Service, headers: Caller['headers']): Promise<Job[]> {
  const jobs: Job[] = [];
  let cursor = '';
  do {
    const page = await fetch(`${url}/jobs?status=complete&limit=200${cursor}`, { headers });
    const { jobs: some, nextCursor } = (await page.json()) as { jobs: Job[]; nextCursor: string | null };
    jobs.push(...some);
    cursor = nextCursor === null ? '' : `&cursor=${nextCursor}`;
  } while (cursor !== '');
  return jobs;
}

/** From its submission to its end, by the job store's clock. */
function milliseconds({ start, finish }: Job): number {
  return Date.parse(finish) - Date.parse(start);
}
