import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { getCompileCacheDir } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { entryBeside } from '../program/entry-beside.ts';
import { processorMs } from './processor-time.ts';
import type { RendererAnswer, RendererRequest, RendererSettings } from './renderer-messages.ts';

const entry = fileURLToPath(entryBeside('renderer', import.meta.url));

/** What Node reserves before any image is decoded, as RLIMIT_DATA counts it: measured up to 700 MiB. */
const nodeDataBytes = 768 * 2 ** 20;

/**
 * Nothing of ours: no secrets. The rest is for glibc, which would keep freed memory in many arenas, and would get
 * and give back the buffers of every image from and to the system: 4 of 48 ms for three outputs of 6 megapixels.
 */
const environment = {
  VIPS_BLOCK_UNTRUSTED: '1',
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: String(16 * 2 ** 20),
  MALLOC_TRIM_THRESHOLD_: String(32 * 2 ** 20),
};

/** Thrown when a renderer is gone before it answered. */
export class RendererDied extends Error {
  /** The end of what it wrote to standard error. */
  readonly lastWords: string;

  constructor(lastWords: string) {
    super('The renderer ended before it answered.');
    this.lastWords = lastWords;
  }
}

/** One renderer as its parent sees it. */
export class RendererProcess {
  /** Requests taken so far. */
  requests = 0;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #lastWords = '';
  #alive = true;
  #ready = Promise.withResolvers<void>();
  #settle: ((answer: RendererAnswer | RendererDied) => void) | undefined;
  #onProgress: ((fraction: number) => void) | undefined;

  constructor(settings: RendererSettings) {
    const { command, args } = commandLine(settings);
    const cache = getCompileCacheDir();
    const env =
      cache === undefined ? environment : { ...environment, NODE_COMPILE_CACHE: path.dirname(cache) };
    this.#child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    yieldToOthers(this.#child.pid);
    this.#child.stderr?.setEncoding('utf8').on('data', text => {
      this.#lastWords = `${this.#lastWords}${text}`.slice(-2_000);
    });
    this.#child.on('message', message => this.#hear(message as RendererAnswer));
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

  /** Milliseconds of processor time that it has used; `undefined` where that can't be told. */
  processorMs(): number | undefined {
    return this.#child.pid === undefined ? undefined : processorMs(this.#child.pid);
  }

  /** Resolves once it takes requests; rejects with `RendererDied`. */
  ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** One request at a time. Rejects with `RendererDied`. */
  ask(request: RendererRequest, onProgress?: (fraction: number) => void): Promise<RendererAnswer> {
    this.requests++;
    this.#onProgress = onProgress;
    return new Promise((resolve, reject) => {
      this.#settle = answer => {
        this.#settle = undefined;
        if (answer instanceof RendererDied) reject(answer);
        else resolve(answer);
      };
      if (this.#alive) this.#child.send(request, () => {});
      else this.#settle(new RendererDied(this.#lastWords));
    });
  }

  /** Ends it at once; resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  #hear(message: RendererAnswer): void {
    if (message.kind === 'ready') this.#ready.resolve();
    else if (message.kind === 'progress') this.#onProgress?.(message.fraction);
    else this.#settle?.(message);
  }

  #end(): void {
    this.#alive = false;
    const died = new RendererDied(this.#lastWords);
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
function commandLine(settings: RendererSettings): { command: string; args: string[] } {
  const node = [
    '--max-old-space-size=128',
    '--disable-warning=ExperimentalWarning',
    entry,
    JSON.stringify(settings),
  ];
  const prlimit = ['/usr/bin/prlimit', '/bin/prlimit'].find(file => existsSync(file));
  if (!prlimit) return { command: process.execPath, args: node };
  const data = nodeDataBytes + settings.maxRenderBytes;
  return { command: prlimit, args: [`--data=${data}`, '--', process.execPath, ...node] };
}
