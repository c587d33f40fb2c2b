import { Command } from 'commander';
import { jsonFlag } from './job-flags.ts';
import { withEachJob } from './stored-jobs.ts';

export function cancelJobsCommand(): Command {
  return new Command('cancel')
    .description('cancel jobs that have not ended')
    .argument('<ids...>', "the jobs' ids")
    .addOption(jsonFlag())
    .action((ids: string[], { json }: { json?: boolean }) =>
      withEachJob(ids, json, ({ jobs }, id) => jobs.cancel(id)),
    );
}
