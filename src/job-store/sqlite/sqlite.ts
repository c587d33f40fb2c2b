import { Worker } from 'node:worker_threads';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { StoreChange, StoreChanges } from '../../jobs/store-changes.ts';
import { entryBeside } from '../../program/entry-beside.ts';
import type { OpenJobStore } from '../open-job-store.ts';
import {
  type Call,
  type RemoteName,
  type Reply,
  type Request,
  remoteMethods,
  type StoreName,
  type ThreadOptions,
  unpackError,
} from './thread-messages.ts';

/**
 * Opens a job store in a SQLite file, which lives in a thread of its own: a busy database must not freeze its callers.
 * `exclusive` is for the service: it throws `storage-unavailable` when another process has the file so, and it
 * notices other processes' writes. The open store alone keeps no process alive; a call that waits for its answer does.
 * @param options.file is made with its folder where there is none. Run `migrate()` before anything else.
 */
export async function openSqlite(options: ThreadOptions): Promise<OpenJobStore> {
  const thread = new StoreThread(options);
  await thread.opened;
  return {
    ...thread.stores(),
    changes: thread,
    migrate: () => thread.call('database', 'migrate', []) as Promise<string[]>,
    close: () => thread.close(),
  };
}

/** The thread as its callers see it: calls and answers go there and back in messages. */
class StoreThread implements StoreChanges {
  readonly opened: Promise<void>;
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #listeners = new Set<(change: StoreChange) => void>();
  #calls = 0;
  /** Calls of this turn of the event loop, which go together at its end. */
  #outbox: Call[] = [];
  #closing = false;
  #fault: unknown;

  constructor(options: ThreadOptions) {
    this.#worker = new Worker(entryBeside('sqlite-thread', import.meta.url), {
      name: 'job-store',
      workerData: options,
      // Options of the main program, such as --input-type, are not for this file.
      execArgv: [],
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.opened = promise;
    this.#worker.on('message', (reply: Reply) => {
      if (reply.kind === 'open') resolve();
      else if (reply.kind === 'not-open') reject(unpackError(reply.error));
      else this.#receive(reply);
      this.#rest();
    });
    this.#worker.on('error', error => {
      this.#fault = error;
    });
    this.#ended = new Promise(done => {
      this.#worker.on('exit', () => {
        this.#closing = true;
        reject(this.#gone());
        for (const waiting of this.#waiting.values()) waiting.reject(this.#gone());
        this.#waiting.clear();
        done();
      });
    });
  }

  /** Functions that call the methods of the same names over there. */
  stores(): Pick<OpenJobStore, StoreName> {
    const remote = (store: RemoteName) =>
      Object.fromEntries(
        remoteMethods[store].map(method => [
          method,
          (...parameters: unknown[]) => this.call(store, method, parameters),
        ]),
      );
    const { database: _, ...stores } = remoteMethods;
    const names = Object.keys(stores) as StoreName[];
    return Object.fromEntries(names.map(name => [name, remote(name)])) as unknown as Pick<
      OpenJobStore,
      StoreName
    >;
  }

  async call(store: RemoteName, method: string, parameters: readonly unknown[]): Promise<unknown> {
    if (this.#closing) throw this.#gone();
    const id = ++this.#calls;
    if (this.#outbox.length === 0) process.nextTick(() => this.#send());
    this.#outbox.push({ id, store, method, parameters });
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    if (this.#waiting.size === 1) this.#worker.ref();
    return answer.promise;
  }

  subscribe(listener: (change: StoreChange) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      this.#worker.ref();
      this.#send();
      this.#post({ kind: 'close' });
    }
    return this.#ended;
  }

  #receive({ answers, changes }: Reply & { kind: 'answers' }): void {
    for (const answer of answers) {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if (answer.error === undefined) waiting?.resolve(answer.value);
      else waiting?.reject(unpackError(answer.error));
    }
    for (const change of changes) {
      for (const listener of this.#listeners) listener(change);
    }
  }

  /** Lets the process go while nobody waits for an answer. */
  #rest(): void {
    if (this.#waiting.size === 0 && !this.#closing) this.#worker.unref();
  }

  #send(): void {
    const calls = this.#outbox;
    this.#outbox = [];
    if (calls.length > 0) this.#post({ kind: 'calls', calls });
  }

  #post(request: Request): void {
    this.#worker.postMessage(request);
  }

  #gone(): TintypeError {
    if (this.#fault === undefined) return new TintypeError('storage-unavailable', 'The job store is closed.');
    const message = 'The job store stopped because of a fault.';
    return new TintypeError('storage-unavailable', message, { cause: this.#fault });
  }
}
