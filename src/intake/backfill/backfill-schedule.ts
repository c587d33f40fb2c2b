import { Cron } from 'croner';
import type { LeaseStore } from '../../jobs/lease-store.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Backfill } from './backfill.ts';

export interface BackfillScheduleOptions {
  readonly backfill: Pick<Backfill, 'run'>;
  readonly collections: readonly string[];
  /** A cron expression, in this process's time zone. */
  readonly schedule: string;
  readonly leases: LeaseStore;
  /** Names this process. */
  readonly holder: string;
  readonly logger: Logger;
}

const leaseMs = 120_000;
/** What the job store may take to answer: a run that ended so shortly before a time counts for it, in milliseconds. */
const askingMs = 1_000;
/** A time that passed so recently before this process started is made up for, in milliseconds: a restart skips none. */
const madeUpMs = 3_600_000;

/** Runs the backfill at its times, once in a cluster however many processes ask. */
export class BackfillSchedule {
  readonly #options: BackfillScheduleOptions;
  readonly #cron: Cron;
  #from = new Date(Date.now() - madeUpMs);
  #last: Date | undefined;

  constructor(options: BackfillScheduleOptions) {
    this.#options = options;
    this.#cron = new Cron(options.schedule, { paused: true });
  }

  /** To be asked often: runs it when its time has come and no process has done it since. Throws what it throws; it stays due then. */
  async runIfDue(signal: AbortSignal): Promise<void> {
    const { leases, holder, logger, collections, backfill } = this.#options;
    const due = this.#lastTime();
    if (due === undefined) return;
    const duty = { name: 'backfill', holder, leaseMs, everyMs: Date.now() - due.getTime() + askingMs };
    if (!(await leases.take(duty))) return;
    const keeping = setInterval(() => void leases.take(duty).catch(() => {}), leaseMs / 4);
    let isDone = false;
    try {
      const faults: unknown[] = [];
      for (const collection of collections) {
        try {
          const { documents, images } = await backfill.run(collection, { failed: false }, signal);
          logger.info({ collection, documents, images }, 'the backfill made jobs of a collection');
        } catch (error) {
          // Others may be well.
          faults.push(error);
        }
      }
      if (faults.length > 0) throw faults[0];
      isDone = !signal.aborted;
    } finally {
      clearInterval(keeping);
      await leases.release(duty, isDone);
    }
  }

  /** The latest time that has come; undefined when there was none. */
  #lastTime(): Date | undefined {
    for (;;) {
      const next = this.#cron.nextRun(this.#from);
      if (next === null || next.getTime() > Date.now()) break;
      this.#from = next;
      this.#last = next;
    }
    return this.#last;
  }
}
