import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { asStorageFault, systemCode } from '../errors/storage-fault.ts';
import type { ByteRange, LocalFile, ObjectStore, StoredObject } from '../jobs/object-store.ts';
import { DurableFolders, mostTries, syncFile, syncFolder } from './durable-folders.ts';
import { ifThere } from './if-there.ts';
import { checkKey, noSuchObject } from './object-key.ts';
import { walk } from './walk.ts';

/** Deletions that run at once; more only queue up in Node's thread pool. */
const deletionsAtOnce = 8;
/** One block, so that the test of a full disk is not answered from a file system's inline data. */
const checkBytes = 4096;

/** Objects as files: `<root>/<key>`, with `<root>/.scratch` for those that are not whole yet. */
export class FilesystemObjectStore implements ObjectStore {
  readonly scratch: string;
  readonly #root: string;
  readonly #folders: DurableFolders;

  constructor(root: string) {
    this.#root = path.resolve(root);
    this.scratch = path.join(this.#root, '.scratch');
    this.#folders = new DurableFolders(this.#root);
  }

  /**
   * Makes the scratch folder, and deletes what was left in it by processes that died. To be called before anything
   * else uses `scratch`.
   * @param olderThanMs spares what was changed since. 0 where no other process uses the folder; a day, which no
   *   write takes, where others may.
   */
  async clearScratch(olderThanMs: number): Promise<void> {
    await faultsOfStorage(async () => {
      await this.#makeScratch();
      const latest = Date.now() - olderThanMs;
      for (const name of await readdir(this.scratch)) {
        const file = path.join(this.scratch, name);
        const facts = await ifThere(stat(file));
        if (facts && facts.mtimeMs <= latest) await rm(file, { recursive: true, force: true });
      }
    });
  }

  put(key: string, body: Readable): Promise<{ bytes: number }> {
    // A body that breaks before it is read must not end the process; reading it throws the fault.
    body.on('error', () => {});
    return faultsOfStorage(async () => {
      const scratch = path.join(this.scratch, randomUUID());
      try {
        const target = this.#path(key);
        const bytes = await this.#write(scratch, body);
        await this.#moveIn(scratch, target);
        return { bytes };
      } catch (error) {
        body.destroy();
        await rm(scratch, { force: true });
        throw error;
      }
    });
  }

  adopt(key: string, file: string): Promise<void> {
    return faultsOfStorage(async () => {
      const target = this.#path(key);
      try {
        await this.#moveIn(file, target, syncFile(file));
      } catch (error) {
        if (systemCode(error) !== 'EXDEV') throw error;
        await this.put(key, createReadStream(file));
        await unlink(file);
      }
    });
  }

  size(key: string): Promise<number | undefined> {
    return faultsOfStorage(async () => {
      const facts = await ifThere(stat(this.#path(key)));
      return facts?.isFile() ? facts.size : undefined;
    });
  }

  read(key: string, range?: ByteRange): Promise<Readable> {
    return faultsOfStorage(async () => {
      const handle = await ifThere(open(this.#path(key)));
      if (!handle) throw noSuchObject();
      if ((await handle.stat()).isFile()) return handle.createReadStream(range);
      await handle.close();
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
      const left = keys.map(key => this.#path(key)).values();
      const deleteSome = async () => {
        for (const file of left) {
          await ifThere(unlink(file));
          await this.#folders.prune(path.dirname(file));
        }
      };
      await Promise.all(Array.from({ length: Math.min(deletionsAtOnce, keys.length) }, deleteSome));
    });
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    try {
      yield* walk(this.#root, prefix);
    } catch (error) {
      throw asStorageFault(error);
    }
  }

  check(): Promise<void> {
    return faultsOfStorage(async () => {
      await this.#makeScratch();
      const file = path.join(this.scratch, randomUUID());
      try {
        await writeFile(file, Buffer.alloc(checkBytes), { flag: 'wx' });
      } finally {
        await rm(file, { force: true });
      }
    });
  }

  #path(key: string): string {
    checkKey(key);
    return path.join(this.#root, key);
  }

  /** Writes a new file and syncs it; resolves to its size. */
  async #write(file: string, body: Readable): Promise<number> {
    await using handle = (await ifThere(open(file, 'wx'))) ?? (await this.#openWithScratch(file));
    await handle.writeFile(body);
    await handle.sync();
    return (await handle.stat()).size;
  }

  async #openWithScratch(file: string): Promise<FileHandle> {
    await this.#makeScratch();
    return open(file, 'wx');
  }

  async #makeScratch(): Promise<void> {
    const root = this.#folders.want(this.#root);
    await root.settle();
    await mkdir(this.scratch, { recursive: true });
  }

  /** Renames a file that is durable, once `synced` resolves, and makes its new place durable too. */
  async #moveIn(file: string, target: string, synced?: Promise<void>): Promise<void> {
    const parent = path.dirname(target);
    for (let tries = 1; ; tries++) {
      const folder = this.#folders.want(parent);
      try {
        await Promise.all([folder.there, synced]);
        await rename(file, target);
        await Promise.all([syncFolder(parent), folder.settle()]);
        return;
      } catch (error) {
        await folder.settle().catch(() => {});
        // A deletion pruned the folder before the file was in it, or the file itself is missing.
        const isPruned = systemCode(error) === 'ENOENT' && tries < mostTries && (await ifThere(stat(file)));
        if (isPruned) continue;
        await this.#folders.prune(parent);
        throw error;
      }
    }
  }
}

async function faultsOfStorage<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw asStorageFault(error);
  }
}
