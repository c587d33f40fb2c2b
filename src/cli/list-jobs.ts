import { Command } from 'commander';
import { isoTime } from '../jobs/iso-time.ts';
import type { Job } from '../jobs/job.ts';
import type { JobFilter } from '../jobs/job-store.ts';
import { viewJob } from '../jobs/job-view.ts';
import { jobStatuses } from '../jobs/states.ts';
import { jsonFlag, limitFlag, statusFlag, timeFlags } from './job-flags.ts';
import { readableDuration } from './readable-duration.ts';
import { withStoredJobs } from './stored-jobs.ts';
import { table } from './table.ts';

interface ListFlags extends JobFilter {
  readonly limit: number;
  readonly cursor?: string;
  readonly json?: boolean;
}

export function listJobsCommand(): Command {
  const [from, to] = timeFlags();
  return new Command('list')
    .description('jobs of all owners, newest first')
    .addOption(statusFlag(`one of ${jobStatuses.join(', ')}`))
    .option('--class <class>', 'with this label')
    .option('--owner <owner>', 'of this owner')
    .addOption(from)
    .addOption(to)
    .addOption(limitFlag())
    .option('--cursor <cursor>', 'the next page, as the page before names it')
    .addOption(jsonFlag())
    .action(list);
}

async function list({ limit, cursor, json, ...filter }: ListFlags): Promise<void> {
  await withStoredJobs(async ({ store }, links) => {
    const page = await store.list(filter, { limit, ...(cursor !== undefined && { cursor }) });
    if (json) {
      const jobs = page.jobs.map(job => viewJob(job, links));
      return console.log(JSON.stringify({ jobs, nextCursor: page.nextCursor ?? null }, null, 2));
    }
    if (page.jobs.length === 0) return console.log('No jobs.');
    const header = ['id', 'status', 'submitted', 'took', 'owner', 'source', 'outputs', 'message'];
    console.log(table(header, page.jobs.map(rowOf)));
    if (page.nextCursor !== undefined) console.log(`More: add --cursor ${page.nextCursor}`);
  });
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

/** Its last attempt, where it has ended. */
function duration({ startedAt, endedAt }: Job): string {
  return startedAt === undefined || endedAt === undefined ? '' : readableDuration(endedAt - startedAt);
}
