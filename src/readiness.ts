import { inTime } from './errors/in-time.ts';
import { TintypeError } from './errors/tintype-error.ts';
import type { OpenJobStore } from './job-store/open-job-store.ts';
import type { JobQueue } from './jobs/job-queue.ts';
import type { ObjectStore } from './jobs/object-store.ts';
import { logFault } from './telemetry/log-fault.ts';
import type { Logger } from './telemetry/logger.ts';
import type { Intakes } from './wiring/intakes.ts';

interface Engines {
  readonly store: OpenJobStore;
  readonly objects: ObjectStore;
  readonly queue: JobQueue;
  readonly intakes: Pick<Intakes, 'faults'>;
}

/** Whoever asks whether the service is ready waits no longer: engines that hang take much longer to fail. */
const answerMs = 5_000;

/** Each engine's fault, or null when it answers. */
export async function readiness(
  { store, objects, queue, intakes }: Engines,
  logger: Logger,
): Promise<Record<string, string | null>> {
  const fault = async (answer: Promise<unknown>) => {
    try {
      await inTime(answerMs, answer);
      return null;
    } catch (error) {
      logFault(logger, 'warn', error, 'a part is not ready');
      return TintypeError.from(error).message;
    }
  };
  const [jobStore, objectStore, jobQueue] = await Promise.all([
    fault(store.events.newest()),
    fault(objects.check()),
    queue.fault(),
  ]);
  return { jobStore, objectStore, jobQueue, ...intakes.faults() };
}
