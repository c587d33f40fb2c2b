import { type FailureMessage, fromFailureMessage } from '../errors/failure-message.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import { ProcessDied, type ServingProcess } from '../program/serving-process.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Admission } from './admission.ts';
import { tooMuchMemory } from './render-failure.ts';
import { limitTime, type TimeUp } from './time-limit.ts';

/** Counts the processes that are ended before their time. */
export interface KilledProcesses {
  readonly renderersKilled: { inc(labels: { readonly reason: string }): void };
}

export interface ProcessPoolOptions<Request extends object, Answer extends { readonly kind: string }> {
  readonly start: () => ServingProcess<Request, Answer | FailureMessage>;
  /** Memory and processors, which other pools may share. */
  readonly admission: Admission;
  readonly logger: Logger;
  readonly metrics: KilledProcesses;
}

/** What a request may take. */
export interface Allowance {
  readonly bytes: number;
  readonly ms: number;
  /** Whether `ms` are a processor's, so that a busy machine fails nothing, or pass by. */
  readonly counts: 'processor' | 'elapsed';
}

type KillReason = TimeUp | 'memory' | 'cancelled' | 'crashed';

/** Leaks in decoders stay small when a process is replaced now and then. */
const requestsPerProcess = 2_000;
/** After these the decoder's state is not to blame, so the process goes on. */
const harmless: ReadonlySet<string> = new Set(['invalid-output', 'output-too-large', 'storage-unavailable']);

/** Persistent processes of one kind: started when needed, killed at a limit, replaced when they failed. */
export class ProcessPool<Request extends object, Answer extends { readonly kind: string }> {
  readonly #options: ProcessPoolOptions<Request, Answer>;
  readonly #idle: ServingProcess<Request, Answer | FailureMessage>[] = [];
  readonly #all = new Set<ServingProcess<Request, Answer | FailureMessage>>();
  readonly #stopping = new AbortController();

  constructor(options: ProcessPoolOptions<Request, Answer>) {
    this.#options = options;
  }

  /** Starts one process, so that the first request need not wait for it (0.2 s). */
  warm(): void {
    if (this.#all.size === 0 && !this.#stopping.signal.aborted) this.#idle.push(this.#start());
  }

  /**
   * The answer of a process that is free, or of a new one. Throws what the process says is wrong, `image-too-large`,
   * `render-timeout`, `render-stalled`, `render-crashed`, `shutting-down`; when aborted, the signal's reason.
   */
  async ask(
    request: Request,
    allowance: Allowance,
    caller: AbortSignal,
    onProgress?: (fraction: number) => void,
  ): Promise<Answer> {
    const signal = AbortSignal.any([caller, this.#stopping.signal]);
    const leave = await this.#options.admission.enter(allowance.bytes, signal);
    const process = this.#idle.pop() ?? this.#start();
    let keep = false;
    try {
      const answer = await this.#askWithin(process, request, allowance, signal, onProgress);
      if (!isFailure(answer)) {
        keep = true;
        return answer;
      }
      keep = harmless.has(answer.code);
      throw this.#failure(answer);
    } finally {
      await this.#giveBack(process, keep);
      leave();
    }
  }

  /** Ends every process; what was asked is rejected with `shutting-down`. Leaves none. */
  async stop(): Promise<void> {
    this.#stopping.abort(new TintypeError('shutting-down', 'The service is stopping.'));
    await Promise.all([...this.#all].map(process => process.kill()));
  }

  /** Asks, and kills the process at the end of its time or at the caller's wish. */
  async #askWithin(
    process: ServingProcess<Request, Answer | FailureMessage>,
    request: Request,
    { ms, counts }: Allowance,
    signal: AbortSignal,
    onProgress?: (fraction: number) => void,
  ): Promise<Answer | FailureMessage> {
    let killed: KillReason | undefined;
    const kill = (reason: KillReason) => {
      killed ??= reason;
      void process.kill();
    };
    const cancel = () => kill('cancelled');
    signal.addEventListener('abort', cancel, { once: true });
    let callOff: (() => void) | undefined;
    try {
      signal.throwIfAborted();
      await process.ready();
      callOff = limitTime(() => (counts === 'processor' ? process.processorMs() : undefined), ms, kill);
      return await process.ask(request, onProgress);
    } catch (error) {
      if (!(error instanceof ProcessDied)) throw error;
      throw this.#explainDeath(error, killed, ms, signal);
    } finally {
      callOff?.();
      signal.removeEventListener('abort', cancel);
    }
  }

  #explainDeath(died: ProcessDied, killed: KillReason | undefined, ms: number, signal: AbortSignal): unknown {
    if (killed === 'cancelled') {
      this.#count('cancelled');
      return signal.reason;
    }
    if (killed === 'timeout') {
      this.#count('timeout');
      return new TintypeError('render-timeout', `The image took longer than ${ms / 1000} s to render.`);
    }
    if (killed === 'stalled') {
      this.#count('stalled');
      return new TintypeError('render-stalled', 'The renderer got too little processor time, or hung.');
    }
    if (/allocat|out of memory|bad_alloc/i.test(died.lastWords)) {
      this.#count('memory');
      return new TintypeError('image-too-large', tooMuchMemory(), { cause: died });
    }
    this.#count('crashed');
    this.#options.logger.warn({ lastWords: died.lastWords }, 'a renderer crashed');
    return new TintypeError('render-crashed', 'The renderer crashed on this image.', { cause: died });
  }

  #failure(failed: FailureMessage): TintypeError {
    if (failed.code === 'image-too-large') this.#count('memory');
    return fromFailureMessage(failed);
  }

  async #giveBack(process: ServingProcess<Request, Answer | FailureMessage>, keep: boolean): Promise<void> {
    const usable = keep && process.alive && process.requests < requestsPerProcess;
    if (usable && !this.#stopping.signal.aborted) {
      this.#idle.push(process);
      return;
    }
    // Its successor starts meanwhile, and is the last to be taken: most likely nobody has to wait for it.
    if (!this.#stopping.signal.aborted) this.#idle.unshift(this.#start());
    await process.kill();
    this.#all.delete(process);
  }

  #start(): ServingProcess<Request, Answer | FailureMessage> {
    const process = this.#options.start();
    this.#all.add(process);
    return process;
  }

  #count(reason: KillReason): void {
    this.#options.metrics.renderersKilled.inc({ reason });
  }
}

function isFailure(answer: { readonly kind: string }): answer is FailureMessage {
  return answer.kind === 'failed';
}
