import type { JobQueue } from '../jobs/job-queue.ts';
import type { StoreChanges } from '../jobs/store-changes.ts';
import { StoreBell } from './store-bell.ts';

/** The queue that needs no broker: the job store itself tells of new work. */
export class DatabaseQueue extends StoreBell implements JobQueue {
  constructor(changes: StoreChanges) {
    super(changes, 'work');
  }

  async take(): Promise<void> {
    this.silence();
  }

  /** The job store answers for itself. */
  async fault(): Promise<null> {
    return null;
  }
}
