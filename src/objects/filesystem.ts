import { randomUUID } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { rm, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { asOwnStorageFault, asStorageFault, systemCode } from '../errors/storage-fault.ts';
import type { ByteRange, LocalFile, ObjectStore, StoredObject } from '../jobs/object-store.ts';
import { ChangeThread } from './change-thread.ts';
import { createFile, readFileStream, writeStream } from './file-streams.ts';
import { ifThere } from './if-there.ts';
import { checkKey, noSuchObject } from './object-key.ts';
import { clearFolder } from './scratch-folder.ts';
import { emptyFolders, walk } from './walk.ts';

/** One block, so that the test of a full disk is not answered from a file system's inline data. */
const checkBytes = 4096;

/**
 * Objects as files: `<root>/<key>`, with `<root>/.scratch` for those that are not whole yet. Bytes are read and
 * written by Node's asynchronous I/O; whatever changes a folder is done in a thread of the store.
 */
export class FilesystemObjectStore implements ObjectStore {
  readonly scratch: string;
  readonly #root: string;
  readonly #changes: ChangeThread;

  constructor(root: string) {
    this.#root = path.resolve(root);
    this.scratch = path.join(this.#root, '.scratch');
    this.#changes = new ChangeThread(this.#root);
  }

  /**
   * Makes the scratch folder, and deletes what was left in it by processes that died. To be called before anything
   * else uses `scratch`.
   * @param olderThanMs spares what was changed since. 0 where no other process uses the folder; a day, which no
   *   write takes, where others may.
   * @returns how much it was.
   */
  clearScratch(olderThanMs: number): Promise<number> {
    return faultsOfStorage(async () => {
      await this.#makeScratch();
      return clearFolder(this.scratch, Date.now() - olderThanMs);
    });
  }

  async put(key: string, body: Readable): Promise<{ bytes: number }> {
    let faultOfBody: unknown;
    // A body that breaks before it is read must not end the process; reading it throws the fault.
    body.on('error', fault => {
      faultOfBody = fault;
    });
    const file = path.join(this.scratch, randomUUID());
    try {
      const target = this.#path(key);
      const bytes = await writeStream(await createFile(file), body);
      await this.#changes.make({ kind: 'move in', file, isSynced: true, target });
      return { bytes };
    } catch (error) {
      body.destroy();
      await faultsOfStorage(() => rm(file, { force: true }));
      throw error === faultOfBody ? error : asOwnStorageFault(error);
    }
  }

  adopt(key: string, file: string): Promise<void> {
    return faultsOfStorage(async () => {
      const target = this.#path(key);
      try {
        await this.#changes.make({ kind: 'move in', file, isSynced: false, target });
      } catch (error) {
        if (systemCode(error) !== 'EXDEV') throw error;
        await this.put(key, createReadStream(file));
        await unlink(file);
      }
    });
  }

  size(key: string): Promise<number | undefined> {
    return faultsOfStorage(async () => {
      // Synchronous: the thread pool would take ten times as long as the call.
      const look = async () => statSync(this.#path(key), { throwIfNoEntry: false });
      const facts = await ifThere(look());
      if (facts?.isFile()) return facts.size;
      this.#requireStore();
      return undefined;
    });
  }

  read(key: string, range?: ByteRange): Promise<Readable> {
    return faultsOfStorage(async () => {
      const reading = await ifThere(readFileStream(this.#path(key), range));
      if (reading) return reading;
      this.#requireStore();
      throw noSuchObject();
    });
  }

  async localFile(key: string, signal: AbortSignal): Promise<LocalFile> {
    signal.throwIfAborted();
    if ((await this.size(key)) === undefined) throw noSuchObject();
    return { path: this.#path(key), [Symbol.asyncDispose]: async () => {} };
  }

  delete(keys: readonly string[]): Promise<void> {
    return faultsOfStorage(async () => {
      const files = keys.map(key => this.#path(key));
      if (files.length > 0) await this.#changes.make({ kind: 'delete', files });
    });
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    try {
      yield* walk(this.#root, prefix);
    } catch (error) {
      throw asStorageFault(error);
    }
  }

  tidy(prefix: string, minAgeMs: number, signal: AbortSignal): Promise<number> {
    return faultsOfStorage(async () => {
      let tidied = await this.clearScratch(minAgeMs);
      const latest = Date.now() - minAgeMs;
      for await (const folder of emptyFolders(path.join(this.#root, prefix), latest, signal)) {
        await this.#changes.make({ kind: 'prune', folders: [folder] });
        tidied += 1;
      }
      return tidied;
    });
  }

  check(): Promise<void> {
    return faultsOfStorage(async () => {
      const file = path.join(this.scratch, randomUUID());
      try {
        await writeFile(file, Buffer.alloc(checkBytes), { flag: 'wx' });
      } finally {
        await rm(file, { force: true });
      }
    });
  }

  /** Resolves when what was asked for before is done. From then on nothing can be changed. Twice is the same. */
  close(): Promise<void> {
    return this.#changes.close();
  }

  #path(key: string): string {
    checkKey(key);
    return path.join(this.#root, key);
  }

  /** Where the scratch folder is missing the store was taken away, such as by unmounting: no object is there to miss. */
  #requireStore(): void {
    statSync(this.scratch);
  }

  /** The root for itself, so that what is in it is for the service's user alone. */
  async #makeScratch(): Promise<void> {
    for (const folder of [this.#root, this.scratch])
      await this.#changes.make({ kind: 'make folder', folder });
  }
}

async function faultsOfStorage<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw asOwnStorageFault(error);
  }
}
