import { Command } from 'commander';
import { withEachJob } from './each-job.ts';
import { jsonFlag } from './job-flags.ts';

export function cancelJobsCommand(): Command {
  return new Command('cancel')
    .description('cancel jobs that have not ended')
    .argument('<ids...>', "the jobs' ids")
    .addOption(jsonFlag())
    .action((ids: string[], { json }: { json?: boolean }) =>
      withEachJob(ids, json, ({ jobs }, id) => jobs.cancel(id)),
    );
}
