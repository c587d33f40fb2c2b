import { Command } from 'commander';
import { codes, type ErrorCode } from '../errors/codes.ts';
import type { FailedJobFilter } from '../jobs/failed-job-store.ts';
import type { JobStatus } from '../jobs/states.ts';
import { withEachJob } from './each-job.ts';
import { jsonFlag, statusFlag, timeFlags } from './job-flags.ts';
import { nearest, refusal } from './nearest.ts';
import { withStoredJobs } from './stored-jobs.ts';

interface RetryFlags extends Omit<FailedJobFilter, 'codes'> {
  readonly status?: JobStatus;
  readonly code?: readonly ErrorCode[];
  readonly json?: boolean;
}

const allCodes = Object.keys(codes) as ErrorCode[];

export function retryJobsCommand(): Command {
  const [from, to] = timeFlags();
  return new Command('retry')
    .description('run failed or cancelled jobs again: those that are named, or all that failed')
    .argument('[ids...]', "the jobs' ids")
    .addOption(statusFlag('failed: all jobs that failed and fit the flags below'))
    .option(
      '--code <code>',
      'that failed for this reason: a code of docs/errors.md, such as source-unavailable, or its status, such as 424',
      codesOf,
    )
    .option('--class <class>', 'with this label')
    .option('--owner <owner>', 'of this owner')
    .addOption(from)
    .addOption(to)
    .addOption(jsonFlag())
    .action(retry);
}

async function retry(ids: string[], { json, status, code, ...rest }: RetryFlags): Promise<void> {
  const filter: FailedJobFilter = { ...rest, ...(code !== undefined && { codes: code }) };
  if (ids.length > 0) {
    if (status !== undefined || Object.keys(filter).length > 0) {
      throw refusal('ids together with a filter', 'either the ids of jobs, or --status failed');
    }
    return withEachJob(ids, json, ({ jobs }, id) => jobs.retry(id));
  }
  if (status !== 'failed') {
    const given = status === undefined ? 'retry without ids' : `--status ${status}`;
    throw refusal(given, 'the ids of jobs, or --status failed');
  }
  await withStoredJobs(async ({ redrive }) => {
    const redriven = await redrive.retryFailed(filter);
    const { retried, skipped } = redriven;
    if (json) return console.log(JSON.stringify(redriven));
    console.log(`${retried} run again${skipped === 0 ? '' : `; the originals of ${skipped} are gone`}.`);
  });
}

function codesOf(text: string): ErrorCode[] {
  const found = allCodes.filter(code => code === text || String(codes[code].status) === text);
  if (found.length > 0) return found;
  throw refusal(`--code ${text}`, allCodes.join(', '), nearest(text, allCodes));
}
