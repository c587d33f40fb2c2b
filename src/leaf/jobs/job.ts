import { shortReason } from '../../errors/short-reason.ts';
import type { JobLog } from './job-log.ts';
import type { JobState, JobStateFile, JobStatus, TaskState } from './job-state.ts';

/** Something that a job does again and again. */
export interface JobTask {
  /** In words, for the page: `take photos`. */
  readonly name: string;
  readonly everySeconds: number;
  /** Whether it is done at each start of the process, too, and when a stopped job is started; else after the interval. */
  readonly atStart: boolean;
  /** Stops soon once it is aborted. What it throws is logged; it is done again at the next interval. */
  run(run: TaskRun): Promise<void>;
}

export interface TaskRun {
  readonly signal: AbortSignal;
  readonly log: JobLog;
  /** Numbers that are there again at the next run, also after a restart. */
  readonly memory: Map<string, number>;
}

export interface TaskView extends TaskState {
  readonly name: string;
  readonly everySeconds: number;
  readonly isRunning: boolean;
}

export interface JobView {
  readonly status: JobStatus;
  readonly tasks: readonly TaskView[];
}

export interface JobParts {
  readonly tasks: readonly JobTask[];
  readonly file: Pick<JobStateFile, 'read' | 'keep'>;
  readonly log: JobLog;
  /** Hears of each run that ended. */
  readonly ended?: (task: string, fault: string | null) => void;
}

/** What a timer of Node's can wait, in milliseconds. */
const longestWait = 2 ** 31 - 1;

/**
 * Does its tasks at their intervals, one at a time, from start to pause or stop. A pause keeps what was left of the
 * intervals; a stop ends what is being done, and the next start begins anew. A restart of the process changes nothing:
 * what was due meanwhile is done once.
 */
export class Job {
  readonly #parts: JobParts;
  readonly #memory = new Map<string, number>();
  readonly #states = new Map<JobTask, TaskState>();
  #status: JobStatus = 'stopped';
  #timer: NodeJS.Timeout | undefined;
  #current:
    | { readonly task: JobTask; readonly stop: AbortController; readonly ended: Promise<void> }
    | undefined;
  #isOpen = false;
  #lastCommand: Promise<void> = Promise.resolve();

  constructor(parts: JobParts) {
    this.#parts = parts;
    for (const task of parts.tasks) this.#states.set(task, { runs: 0 });
  }

  /** Takes up where the last process ended; where there was none the job runs. Throws what the system throws. */
  async open(): Promise<void> {
    const kept = await this.#parts.file.read();
    this.#isOpen = true;
    if (kept === undefined) {
      this.#begin();
    } else {
      for (const [name, value] of Object.entries(kept.memory)) this.#memory.set(name, value);
      for (const task of this.#parts.tasks) this.#states.set(task, resumed(task, kept));
      this.#status = kept.status;
    }
    this.#wait();
    await this.#keep();
  }

  /** Ends what is being done; the state is in its file for the next process, and nothing is written any more. */
  async close(): Promise<void> {
    this.#isOpen = false;
    clearTimeout(this.#timer);
    await this.#lastCommand;
    await this.#interrupt();
    await this.#keep();
  }

  start(): Promise<void> {
    return this.#inTurn(() => this.#start());
  }

  /** What is being done is done to its end. */
  pause(): Promise<void> {
    return this.#inTurn(() => this.#pause());
  }

  /** Ends what is being done. */
  stop(): Promise<void> {
    return this.#inTurn(() => this.#stop());
  }

  view(): JobView {
    const tasks = this.#parts.tasks.map(task => ({
      ...this.#state(task),
      name: task.name,
      everySeconds: task.everySeconds,
      isRunning: this.#current?.task === task,
    }));
    return { status: this.#status, tasks };
  }

  /** One command after the other: a start must not come between a stop and its end. */
  #inTurn(command: () => Promise<void>): Promise<void> {
    const done = this.#lastCommand.then(command);
    this.#lastCommand = done.catch(() => {});
    return done;
  }

  async #start(): Promise<void> {
    if (this.#status === 'running') return;
    if (this.#status === 'stopped') this.#begin();
    else this.#change(({ left = 0, ...state }) => ({ ...state, due: Date.now() + left }));
    await this.#become('running', 'started');
  }

  async #pause(): Promise<void> {
    if (this.#status !== 'running') return;
    this.#change(({ due = 0, ...state }) => ({ ...state, left: Math.max(0, due - Date.now()) }));
    await this.#become('paused', 'paused');
  }

  async #stop(): Promise<void> {
    if (this.#status === 'stopped') return;
    this.#change(({ due: _due, left: _left, ...state }) => state);
    this.#status = 'stopped';
    await this.#interrupt();
    await this.#become('stopped', 'stopped');
  }

  #begin(): void {
    this.#status = 'running';
    for (const task of this.#parts.tasks) {
      const due = Date.now() + (task.atStart ? 0 : task.everySeconds * 1_000);
      this.#states.set(task, { ...this.#state(task), due });
    }
  }

  async #become(status: JobStatus, said: string): Promise<void> {
    this.#status = status;
    this.#parts.log.info(said);
    this.#wait();
    await this.#keep();
  }

  #state(task: JobTask): TaskState {
    return this.#states.get(task) ?? { runs: 0 };
  }

  #change(next: (state: TaskState) => TaskState): void {
    for (const [task, state] of this.#states) this.#states.set(task, next(state));
  }

  /** Sets the timer for what is due first. */
  #wait(): void {
    clearTimeout(this.#timer);
    if (!this.#isOpen || this.#status !== 'running' || this.#current) return;
    const due = Math.min(...this.#parts.tasks.map(task => this.#state(task).due ?? Number.POSITIVE_INFINITY));
    this.#timer = setTimeout(() => this.#doNext(), Math.min(longestWait, Math.max(0, due - Date.now())));
  }

  #doNext(): void {
    const now = Date.now();
    const dueOf = (task: JobTask) => this.#state(task).due ?? Number.POSITIVE_INFINITY;
    const [next] = this.#parts.tasks.toSorted((one, other) => dueOf(one) - dueOf(other));
    if (next === undefined || dueOf(next) > now) {
      this.#wait();
      return;
    }
    // Before it is done, so that a pause meanwhile knows what is left until the run after it.
    this.#states.set(next, { ...this.#state(next), due: nextDue(next, dueOf(next)) });
    const stop = new AbortController();
    this.#current = { task: next, stop, ended: this.#do(next, now, stop.signal) };
  }

  async #do(task: JobTask, startedAt: number, signal: AbortSignal): Promise<void> {
    const { log, ended } = this.#parts;
    let fault: string | null = null;
    try {
      await task.run({ signal, log, memory: this.#memory });
    } catch (error) {
      fault = signal.aborted ? 'It was stopped.' : shortReason(error);
      log.warn(`${task.name}: ${fault}`);
    }
    this.#current = undefined;
    ended?.(task.name, fault);
    const state = this.#state(task);
    const late = state.due !== undefined && state.due < Date.now() ? { due: nextDue(task, state.due) } : {};
    this.#states.set(task, { ...state, ...late, lastRun: startedAt, lastFault: fault, runs: state.runs + 1 });
    this.#wait();
    await this.#keep();
  }

  async #interrupt(): Promise<void> {
    this.#current?.stop.abort(new Error('The job was stopped.'));
    await this.#current?.ended;
  }

  /** A full disk is no reason not to work: what was kept before is taken up again after a restart. */
  async #keep(): Promise<void> {
    const tasks = Object.fromEntries([...this.#states].map(([{ name }, state]) => [name, state]));
    try {
      await this.#parts.file.keep({ status: this.#status, tasks, memory: Object.fromEntries(this.#memory) });
    } catch (error) {
      this.#parts.log.warn(`The state could not be kept: ${shortReason(error)}`);
    }
  }
}

function resumed(task: JobTask, { status, tasks }: JobState): TaskState {
  const latest = Date.now() + task.everySeconds * 1_000;
  const kept = tasks[task.name] ?? { runs: 0, due: latest, left: task.everySeconds * 1_000 };
  if (status !== 'running') return kept;
  // The interval may be another one now.
  return { ...kept, due: task.atStart ? Date.now() : Math.min(kept.due ?? latest, latest) };
}

/** On the grid of the first one: what took longer than an interval is not made up for. */
function nextDue({ everySeconds }: JobTask, due: number): number {
  const every = everySeconds * 1_000;
  const missed = Math.max(0, Math.floor((Date.now() - due) / every));
  return due + (missed + 1) * every;
}
