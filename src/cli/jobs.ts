import { Command } from 'commander';
import { cancelJobsCommand } from './cancel-jobs.ts';
import { listJobsCommand } from './list-jobs.ts';
import { retryJobsCommand } from './retry-jobs.ts';
import { showJobsCommand } from './show-jobs.ts';

export function jobsCommand(): Command {
  const jobs = new Command('jobs')
    .description('look at jobs and change them, straight on the job store')
    .helpCommand(false);
  const commands = [listJobsCommand(), showJobsCommand(), cancelJobsCommand(), retryJobsCommand()];
  for (const command of commands) jobs.addCommand(command);
  return jobs;
}
