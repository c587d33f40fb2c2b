import { open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { TintypeError } from '../../errors/tintype-error.ts';
import { makeFolder } from '../../program/make-folder.ts';

export const jobStatuses = ['running', 'paused', 'stopped'] as const;
export type JobStatus = (typeof jobStatuses)[number];

/** When a task was done and is to be done, in milliseconds since 1970. */
export interface TaskState {
  /** While the job runs. */
  readonly due?: number;
  /** What was left until then, in milliseconds, while the job is paused. */
  readonly left?: number;
  readonly lastRun?: number;
  /** What went wrong in the last run, or null. */
  readonly lastFault?: string | null;
  readonly runs: number;
}

/** What a job has to know again after a restart. */
export interface JobState {
  readonly status: JobStatus;
  readonly tasks: Readonly<Record<string, TaskState>>;
  /** Numbers that tasks remember from run to run. */
  readonly memory: Readonly<Record<string, number>>;
}

/** The file that holds a job's state: always the whole of the last one that was kept. */
export class JobStateFile {
  readonly #file: string;
  #last: Promise<void> = Promise.resolve();

  /** Throws `invalid-configuration` where the folder can't be made. */
  constructor(folder: string, job: string) {
    try {
      makeFolder(folder);
    } catch (cause) {
      const message = `LEAF_STATE is '${folder}'; accepted: a folder that can be written`;
      throw new TintypeError('invalid-configuration', message, { cause });
    }
    this.#file = path.join(folder, `${job}.json`);
  }

  /** Undefined where there is none yet, or none that can be understood. Throws what the system throws. */
  async read(): Promise<JobState | undefined> {
    try {
      const state: unknown = JSON.parse(await readFile(this.#file, 'utf8'));
      return isState(state) ? state : undefined;
    } catch (error) {
      if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT')
        return undefined;
      throw error;
    }
  }

  /** In the order of the calls. Throws what the system throws. */
  keep(state: JobState): Promise<void> {
    const text = JSON.stringify(state, undefined, 2);
    const kept = this.#last.then(() => this.#write(text));
    this.#last = kept.catch(() => {});
    return kept;
  }

  async #write(text: string): Promise<void> {
    const unfinished = `${this.#file}.new`;
    {
      await using file = await open(unfinished, 'w');
      await file.writeFile(text);
      await file.sync();
    }
    await rename(unfinished, this.#file);
  }
}

function isState(found: unknown): found is JobState {
  const state = found as Partial<JobState> | null;
  return (
    jobStatuses.some(status => status === state?.status) &&
    isRecord(state?.tasks) &&
    Object.values(state.tasks).every(isTaskState) &&
    isRecord(state.memory) &&
    Object.values(state.memory).every(Number.isFinite)
  );
}

function isTaskState(found: unknown): boolean {
  if (!isRecord(found)) return false;
  const { due = 0, left = 0, lastRun = 0, runs } = found;
  return [due, left, lastRun, runs].every(Number.isFinite);
}

function isRecord(found: unknown): found is Record<string, unknown> {
  return typeof found === 'object' && found !== null && !Array.isArray(found);
}
