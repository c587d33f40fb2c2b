import { closeSync, constants, fdatasync, fstat, fsync, open, read, write } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { asOwnStorageFault, asStorageFault } from '../errors/storage-fault.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import type { ObjectStore } from '../jobs/object-store.ts';
import type { KeptBytes, PartialFile, PartialFiles } from '../jobs/partial-files.ts';
import { uploadKey } from '../jobs/upload-store.ts';
import { makeFolder } from '../program/make-folder.ts';

const openFile = promisify(open);
const facts = promisify(fstat);
const readSome = promisify(read);
const writeSome = promisify(write);
const syncData = promisify(fdatasync);
const syncAll = promisify(fsync);

/** What may be lost of a long piece when the process dies: so many bytes, or what came in so many milliseconds. */
const keepEveryBytes = 8 * 1_048_576;
const keepEveryMs = 5_000;

/**
 * Pieces of uploads as files beside the file store's objects, `<root>/.partial/<id>`, so that a whole one becomes an
 * object by renaming. The dot keeps them out of the store's keys.
 */
export class FilesystemPartialFiles implements PartialFiles {
  readonly #folder: string;
  readonly #objects: ObjectStore;

  /** @param root the file store's own */
  constructor(root: string, objects: ObjectStore) {
    this.#folder = path.resolve(root, '.partial');
    this.#objects = objects;
  }

  async open(id: string, _bytes: number, { received }: KeptBytes): Promise<PartialFile> {
    try {
      const opened = received === 0 ? await this.#create(id) : await this.#reopen(id, received);
      return new FilesystemPartialFile(opened, received);
    } catch (error) {
      throw asOwnStorageFault(error);
    }
  }

  async complete(id: string, { received }: KeptBytes): Promise<void> {
    try {
      await this.#objects.adopt(uploadKey(id), this.#path(id));
    } catch (error) {
      // A process that died after the renaming has done it.
      if ((await this.#objects.size(uploadKey(id))) !== received) throw error;
    }
  }

  async delete(ids: readonly string[]): Promise<void> {
    try {
      for (const id of ids) await rm(this.#path(id), { force: true });
      await this.#objects.delete(ids.map(uploadKey));
    } catch (error) {
      throw asStorageFault(error);
    }
  }

  #path(id: string): string {
    return path.join(this.#folder, id);
  }

  /** What a predecessor wrote that does not count is overwritten: nothing is ever read beyond what was written. */
  async #create(id: string): Promise<number> {
    makeFolder(this.#folder);
    const opened = await openFile(this.#path(id), constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC);
    try {
      await syncFolders(this.#folder, path.dirname(this.#folder));
      return opened;
    } catch (error) {
      closeSync(opened);
      throw error;
    }
  }

  async #reopen(id: string, received: number): Promise<number> {
    const opened = await openFile(this.#path(id), 'r+');
    if ((await facts(opened)).size >= received) return opened;
    closeSync(opened);
    throw new TintypeError('storage-unavailable', 'Bytes of this upload are missing in the storage.');
  }
}

class FilesystemPartialFile implements PartialFile {
  readonly #opened: number;
  #position: number;
  #kept: { readonly received: number; readonly at: number };

  constructor(opened: number, received: number) {
    this.#opened = opened;
    this.#position = received;
    this.#kept = { received, at: performance.now() };
  }

  async append(chunk: Buffer): Promise<KeptBytes | undefined> {
    try {
      for (let at = 0; at < chunk.length; ) {
        const rest = chunk.length - at;
        const { bytesWritten } = await writeSome(this.#opened, chunk, at, rest, this.#position);
        at += bytesWritten;
        this.#position += bytesWritten;
      }
    } catch (error) {
      throw asStorageFault(error);
    }
    const { received, at } = this.#kept;
    const isLong = this.#position - received >= keepEveryBytes || performance.now() - at >= keepEveryMs;
    return isLong ? this.sync() : undefined;
  }

  async head(bytes: number): Promise<Buffer> {
    try {
      const { bytesRead, buffer } = await readSome(this.#opened, Buffer.allocUnsafeSlow(bytes), 0, bytes, 0);
      return buffer.subarray(0, Math.min(bytesRead, this.#position));
    } catch (error) {
      throw asStorageFault(error);
    }
  }

  async sync(): Promise<KeptBytes> {
    try {
      await syncData(this.#opened);
    } catch (error) {
      throw asStorageFault(error);
    }
    this.#kept = { received: this.#position, at: performance.now() };
    return { received: this.#position, pieces: [] };
  }

  /** What does not count is overwritten by what comes next. */
  async close(): Promise<void> {
    closeSync(this.#opened);
  }
}

/** Windows opens no folders; NTFS journals their entries itself. */
async function syncFolders(...folders: string[]): Promise<void> {
  if (process.platform === 'win32') return;
  for (const folder of folders) {
    const opened = await openFile(folder, 'r');
    try {
      await syncAll(opened);
    } finally {
      closeSync(opened);
    }
  }
}
