import { TintypeError } from '../../errors/tintype-error.ts';
import type { Job, TriedJob } from '../../jobs/job.ts';
import type { JobStore } from '../../jobs/job-store.ts';
import { hasEnded } from '../../jobs/states.ts';
import type { EventFeed } from '../events/event-feed.ts';
import { requireJob } from './get-job.ts';

export interface Waiting {
  readonly feed: EventFeed;
  readonly store: JobStore;
  /** The newest event's position before the job was read. */
  readonly since: number;
  /** For how long at most, in milliseconds. */
  readonly ms: number;
  readonly signal: AbortSignal;
}

/**
 * The job once it has ended; undefined if it has not in time. Throws `storage-unavailable`, `shutting-down` when the
 * server stops, and the signal's reason.
 */
export async function endedJob(
  job: TriedJob,
  { feed, store, since, ms, signal }: Waiting,
): Promise<TriedJob | undefined> {
  if (hasEnded(job.status)) return job;
  const { promise: hasEndedInTime, resolve, reject } = Promise.withResolvers<boolean>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  const timer = setTimeout(resolve, ms, false);
  const { caughtUp, leave } = feed.follow(listener(job, resolve, reject), since);
  caughtUp.catch(reject);
  try {
    return (await hasEndedInTime) ? await requireJob(job.id, job.owner, store) : undefined;
  } finally {
    leave();
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

function listener(job: Job, resolve: (hasEnded: boolean) => void, reject: (reason: unknown) => void) {
  return {
    filter: { owner: job.owner, jobId: job.id },
    onEvent: ({ status, run }: Pick<Job, 'status' | 'run'>) => {
      // It may have ended before, and been run again.
      if (run >= job.run && hasEnded(status)) resolve(true);
    },
    onProgress: () => {},
    ready: async () => {},
    onStop: () => reject(new TintypeError('shutting-down', 'The service is about to stop.')),
  };
}
