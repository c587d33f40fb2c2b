import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { getCompileCacheDir } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { processorMs } from './processor-time.ts';

/** What Node reserves before any work, as RLIMIT_DATA counts it: measured up to 700 MiB. */
const nodeDataBytes = 768 * 2 ** 20;

/** What every process of this kind may say besides its answers. */
interface Notice {
  readonly kind: string;
  /** With the kind `progress`. */
  readonly fraction?: number;
}

export interface ServingProcessOptions {
  /** Its module (`entryBeside`). It says `ready` once it takes requests, and goes when its parent does. */
  readonly entry: URL;
  /** Its argument, as JSON. */
  readonly settings: object;
  /** All of its environment: it gets nothing of ours, no secrets. */
  readonly environment: Readonly<Record<string, string>>;
  /** Memory above what Node takes. */
  readonly maxBytes: number;
}

/** Thrown when a process is gone before it answered. */
export class ProcessDied extends Error {
  /** The end of what it wrote to standard error. */
  readonly lastWords: string;

  constructor(lastWords: string) {
    super('The process ended before it answered.');
    this.lastWords = lastWords;
  }
}

/** A child process that answers requests, one at a time, as its parent sees it: killable, its memory capped. */
export class ServingProcess<Request extends object, Answer extends { readonly kind: string }> {
  /** Requests taken so far. */
  requests = 0;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #lastWords = '';
  #alive = true;
  #ready = Promise.withResolvers<void>();
  #settle: ((answer: Answer | ProcessDied) => void) | undefined;
  #onProgress: ((fraction: number) => void) | undefined;

  constructor(options: ServingProcessOptions) {
    const { command, args } = commandLine(options);
    const cache = getCompileCacheDir();
    const env = {
      ...options.environment,
      ...(cache !== undefined && { NODE_COMPILE_CACHE: path.dirname(cache) }),
    };
    this.#child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    yieldToOthers(this.#child.pid);
    this.#child.stderr?.setEncoding('utf8').on('data', text => {
      this.#lastWords = `${this.#lastWords}${text}`.slice(-2_000);
    });
    this.#child.on('message', message => this.#hear(message as Answer & Notice));
    // What could not be started at all tells it by 'error' and has no exit.
    this.#ended = Promise.race([once(this.#child, 'close'), once(this.#child, 'error').catch(() => {})]).then(
      () => this.#end(),
    );
    // Whoever waits for it sees the failure; nobody has to wait.
    this.#ready.promise.catch(() => {});
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** The end of what it wrote to standard error; all of it is there once the process is gone. */
  get lastWords(): string {
    return this.#lastWords;
  }

  /** Milliseconds of processor time that it has used; `undefined` where that can't be told. */
  processorMs(): number | undefined {
    return this.#child.pid === undefined ? undefined : processorMs(this.#child.pid);
  }

  /** Resolves once it takes requests; rejects with `ProcessDied`. */
  ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** One request at a time. Rejects with `ProcessDied`. */
  ask(request: Request, onProgress?: (fraction: number) => void): Promise<Answer> {
    this.requests++;
    this.#onProgress = onProgress;
    return new Promise((resolve, reject) => {
      this.#settle = answer => {
        this.#settle = undefined;
        if (answer instanceof ProcessDied) reject(answer);
        else resolve(answer);
      };
      if (this.#alive) this.#child.send(request, () => {});
      else this.#settle(new ProcessDied(this.#lastWords));
    });
  }

  /** Ends it at once; resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  #hear(message: Answer & Notice): void {
    if (message.kind === 'ready') this.#ready.resolve();
    else if (message.kind === 'progress') this.#onProgress?.(message.fraction ?? 0);
    else this.#settle?.(message);
  }

  #end(): void {
    this.#alive = false;
    const died = new ProcessDied(this.#lastWords);
    this.#ready.reject(died);
    this.#settle?.(died);
  }
}

/**
 * Whoever accepts, stores and answers goes first: he needs little, and many wait for him. Set from outside, because
 * a thread has the priority that its process had when the thread began.
 */
function yieldToOthers(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    os.setPriority(pid, os.constants.priority.PRIORITY_LOW);
  } catch {
    // It is gone already, which its end tells.
  }
}

/** RLIMIT_AS would kill V8 at its start; RLIMIT_DATA makes decoders fail cleanly. Linux alone has prlimit. */
function commandLine({ entry, settings, maxBytes }: ServingProcessOptions): {
  command: string;
  args: string[];
} {
  const node = [
    '--max-old-space-size=128',
    '--disable-warning=ExperimentalWarning',
    fileURLToPath(entry),
    JSON.stringify(settings),
  ];
  const prlimit = ['/usr/bin/prlimit', '/bin/prlimit'].find(file => existsSync(file));
  if (!prlimit) return { command: process.execPath, args: node };
  const data = nodeDataBytes + maxBytes;
  return { command: prlimit, args: [`--data=${data}`, '--', process.execPath, ...node] };
}
