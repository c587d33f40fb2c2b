import { Command, Option } from 'commander';
import { readConfig } from '../config/config.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import { isoTime, viewJob } from '../http/job-view.ts';
import { Links } from '../http/links.ts';
import type { Job } from '../jobs/job.ts';
import { type JobStore, longestPage } from '../jobs/job-store.ts';
import { Jobs } from '../jobs/jobs.ts';
import { type JobStatus, jobStatuses } from '../jobs/states.ts';
import { FilesystemObjectStore } from '../objects/filesystem.ts';
import { openExistingStore } from './existing-store.ts';
import { nearest, refusal } from './nearest.ts';
import { table } from './table.ts';

interface ListFlags {
  readonly status?: JobStatus;
  readonly class?: string;
  readonly owner?: string;
  readonly from?: number;
  readonly to?: number;
  readonly limit: number;
  readonly cursor?: string;
  readonly json?: boolean;
}

type JobChange = (opened: Opened, id: string) => Promise<Job>;

interface Opened {
  readonly jobs: Jobs;
  readonly store: JobStore;
}

const json = (): Option => new Option('--json', 'print JSON, as the API does');

export function jobsCommand(): Command {
  const jobs = new Command('jobs')
    .description('look at jobs and change them, straight on the job store')
    .helpCommand(false);
  jobs.addCommand(listCommand());
  jobs.addCommand(
    changeCommand('show', 'one job, or several', async ({ store }, id) => {
      const job = await store.get(id);
      if (job === undefined) throw new TintypeError('not-found', `There is no job ${id}.`);
      return job;
    }),
  );
  jobs.addCommand(
    changeCommand('cancel', 'cancel jobs that have not ended', ({ jobs }, id) => jobs.cancel(id)),
  );
  jobs.addCommand(
    changeCommand('retry', 'run failed or cancelled jobs again', ({ jobs }, id) => jobs.retry(id)),
  );
  return jobs;
}

function listCommand(): Command {
  return new Command('list')
    .description('jobs of all owners, newest first')
    .option('--status <status>', `one of ${jobStatuses.join(', ')}`, status)
    .option('--class <class>', 'with this label')
    .option('--owner <owner>', 'of this owner')
    .option(
      '--from <time>',
      'submitted at or after this time, such as 2026-05-01 or 2026-05-01T12:00Z',
      time('--from'),
    )
    .option('--to <time>', 'submitted before this time', time('--to'))
    .option('--limit <jobs>', `jobs a page, 1 to ${longestPage}`, limit, 20)
    .option('--cursor <cursor>', 'the next page, as the page before names it')
    .addOption(json())
    .action(list);
}

async function list({ limit, cursor, json, ...filter }: ListFlags): Promise<void> {
  await withStore(async ({ store }, links) => {
    const page = await store.list(filter, { limit, ...(cursor !== undefined && { cursor }) });
    if (json) {
      const jobs = page.jobs.map(job => viewJob(job, links));
      return print({ jobs, nextCursor: page.nextCursor ?? null });
    }
    if (page.jobs.length === 0) return console.log('No jobs.');
    const header = ['id', 'status', 'submitted', 'ms', 'owner', 'source', 'outputs', 'message'];
    console.log(table(header, page.jobs.map(rowOf)));
    if (page.nextCursor !== undefined) console.log(`More: add --cursor ${page.nextCursor}`);
  });
}

function changeCommand(name: string, about: string, change: JobChange): Command {
  return new Command(name)
    .description(about)
    .argument('<ids...>', "the jobs' ids")
    .addOption(json())
    .action((ids: string[], { json }: { json?: boolean }) =>
      withStore(async (opened, links) => {
        for (const id of ids) {
          const job = await change(opened, id);
          if (json) print(viewJob(job, links));
          else console.log(describe(job, links));
        }
      }),
    );
}

async function withStore(work: (opened: Opened, links: Links) => Promise<void>): Promise<void> {
  const { DATABASE_URL: file, OBJECT_STORE_URL, PUBLIC_URL } = readConfig(process.env);
  const store = await openExistingStore(file);
  try {
    // Nobody to ring for: a running service notices the new work by itself.
    const jobs = new Jobs(store.jobs, { ring: () => {} }, new FilesystemObjectStore(OBJECT_STORE_URL));
    await work({ jobs, store: store.jobs }, new Links(PUBLIC_URL));
  } finally {
    await store.close();
  }
}

function print(value: unknown): void {
  console.log(JSON.stringify(value, null, 2));
}

function rowOf(job: Job): string[] {
  const { id, status, submittedAt, owner, source, outputs, failure } = job;
  const names = outputs.map(({ name }) => name).join(',');
  return [
    id,
    status,
    isoTime(submittedAt),
    duration(job),
    owner,
    source.filename,
    names,
    failure?.message ?? '',
  ];
}

/** Milliseconds of its last attempt, where it has ended. */
function duration({ startedAt, endedAt }: Job): string {
  return startedAt === undefined || endedAt === undefined ? '' : String(endedAt - startedAt);
}

/** The facts of one job, a line each. */
function describe(job: Job, links: Links): string {
  const { id, status, message, start, finish, owner, priority, run, attempts, source, outputs } = viewJob(
    job,
    links,
  );
  const where = source.url ?? source.object ?? 'upload';
  const facts: [string, string][] = [
    ['job', id],
    ['status', `${status}: ${message}`],
    ['submitted', start],
    ['ended', finish ?? '–'],
    ['owner', `${owner}, ${priority}`],
    ['run', `${run}, attempts ${attempts}`],
    ['source', `${source.filename} (${where})`],
    ...outputs.map(({ name, filename, status: state, width, height, bytes, error }): [string, string] => {
      const made = bytes === null ? (error?.message ?? '') : `${width}×${height} ${bytes} B`;
      return ['output', `${name} ${filename} ${state} ${made}`.trimEnd()];
    }),
  ];
  return facts.map(([name, fact]) => `${name.padEnd(10)} ${fact}`).join('\n');
}

function status(text: string): JobStatus {
  const known = jobStatuses.find(name => name === text);
  if (known !== undefined) return known;
  throw refusal(`--status ${text}`, jobStatuses.join(', '), nearest(text, jobStatuses));
}

function time(flag: string): (text: string) => number {
  return text => {
    const milliseconds = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
    if (Number.isNaN(milliseconds))
      throw refusal(`${flag} ${text}`, 'an ISO 8601 time, such as 2026-05-01T12:00Z');
    return milliseconds;
  };
}

function limit(text: string): number {
  const number = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > longestPage) throw refusal(`--limit ${text}`, `1 to ${longestPage}`);
  return number;
}
