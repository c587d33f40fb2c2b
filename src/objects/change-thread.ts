import { Worker } from 'node:worker_threads';
import { TintypeError } from '../errors/tintype-error.ts';
import { entryBeside } from '../program/entry-beside.ts';
import type { Change } from './durable-changes.ts';
import type { Answer, Request } from './durable-changes-thread.ts';

/**
 * The thread that makes the changes, as its callers see it. It starts with the first change, and alone keeps no
 * process alive; a change that waits for its answer does.
 */
export class ChangeThread {
  readonly #root: string;
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();
  #running: { readonly worker: Worker; readonly ended: Promise<void> } | undefined;
  #changes = 0;
  #isClosed = false;

  constructor(root: string) {
    this.#root = root;
  }

  /** Resolves when the change is made and durable. Throws `storage-unavailable` once closed, else the system's fault. */
  async make(change: Change): Promise<void> {
    if (this.#isClosed) throw new TintypeError('storage-unavailable', 'The object store is closed.');
    this.#running ??= this.#start();
    const { worker } = this.#running;
    const id = ++this.#changes;
    const request: Request = { id, change };
    worker.postMessage(request);
    const answer = Promise.withResolvers<void>();
    this.#waiting.set(id, answer);
    if (this.#waiting.size === 1) worker.ref();
    return answer.promise;
  }

  /** Resolves when all changes asked for before are answered and the thread has ended. Twice is the same. */
  async close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#running?.worker.ref();
      this.#running?.worker.postMessage('close' satisfies Request);
    }
    await this.#running?.ended;
  }

  #start() {
    const worker = new Worker(entryBeside('durable-changes-thread', import.meta.url), {
      name: 'object-store',
      workerData: this.#root,
      // Options of the main program, such as --input-type, are not for this file.
      execArgv: [],
    });
    let fault: unknown;
    worker.on('message', (answers: readonly Answer[]) => {
      for (const answer of answers) this.#receive(answer);
      if (this.#waiting.size === 0 && !this.#isClosed) worker.unref();
    });
    worker.on('error', error => {
      fault = error;
    });
    const ended = new Promise<void>(resolve => {
      worker.on('exit', () => {
        this.#running = undefined;
        this.#failAll(fault);
        resolve();
      });
    });
    return { worker, ended };
  }

  #receive({ id, fault }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (fault === undefined) waiting?.resolve();
    else waiting?.reject(Object.assign(new Error(fault.message), fault.code && { code: fault.code }));
  }

  /** What was asked of a thread that broke; the next change starts another. */
  #failAll(cause: unknown): void {
    const message = 'The object store’s thread stopped because of a fault.';
    for (const waiting of this.#waiting.values()) {
      waiting.reject(new TintypeError('storage-unavailable', message, { cause }));
    }
    this.#waiting.clear();
  }
}
