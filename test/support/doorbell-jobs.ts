import type { Job, NewJob } from '../../src/jobs/job.ts';
import { eventually } from './eventually.ts';
import type { Pipeline } from './pipeline.ts';
import { newJob } from './stored-jobs.ts';

/** A job that ends as soon as a worker takes it up, because nobody may fetch from there. */
export function refusedJob(): NewJob {
  return newJob({ source: { url: 'http://10.0.0.1/cat.jpg', filename: 'cat.jpg' } });
}

/** Resolves once each of these was taken up and has ended. */
export async function allTakenUp(
  pipeline: Pipeline,
  ids: readonly string[],
  withinMs: number,
): Promise<Job[]> {
  const jobs: Job[] = [];
  for (const id of ids) {
    const taken = async () => {
      const job = await pipeline.store.jobs.get(id);
      return job?.status === 'failed' && job;
    };
    jobs.push(await eventually(taken, `job ${id} is taken up`, withinMs));
  }
  return jobs;
}
