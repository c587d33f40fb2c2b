import { Command } from 'commander';
import { TintypeError } from '../errors/tintype-error.ts';
import { withEachJob } from './each-job.ts';
import { jsonFlag } from './job-flags.ts';

export function showJobsCommand(): Command {
  return new Command('show')
    .description('one job, or several, and what was tried')
    .argument('<ids...>', "the jobs' ids")
    .addOption(jsonFlag())
    .action((ids: string[], { json }: { json?: boolean }) =>
      withEachJob(ids, json, async ({ store }, id) => {
        const job = await store.get(id);
        if (job === undefined) throw new TintypeError('not-found', `There is no job ${id}.`);
        return job;
      }),
    );
}
