import { close, closeSync, constants, fdatasync, fstat, fsync, open, read, write } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { asStorageFault, systemCode } from '../errors/storage-fault.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import type { ObjectStore } from '../jobs/object-store.ts';
import type { PartialFile, PartialFiles } from '../jobs/partial-files.ts';
import { uploadKey } from '../jobs/upload-store.ts';

const openFile = promisify(open);
const facts = promisify(fstat);
const readSome = promisify(read);
const writeSome = promisify(write);
const syncData = promisify(fdatasync);
const syncAll = promisify(fsync);

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

  async open(id: string, received: number): Promise<PartialFile> {
    try {
      return await openedFile(received === 0 ? await this.#create(id) : await this.#reopen(id, received));
    } catch (error) {
      throw asStorageFault(error);
    }
  }

  async head(id: string, bytes: number): Promise<Buffer> {
    try {
      const opened = await openFile(this.#path(id), 'r');
      try {
        const { bytesRead, buffer } = await readSome(opened, Buffer.allocUnsafeSlow(bytes), 0, bytes, 0);
        return buffer.subarray(0, bytesRead);
      } finally {
        close(opened, () => {});
      }
    } catch (error) {
      throw asStorageFault(error);
    }
  }

  async complete(id: string, bytes: number): Promise<void> {
    try {
      await this.#objects.adopt(uploadKey(id), this.#path(id));
    } catch (error) {
      // A process that died after the renaming has done it.
      const isDone = systemCode(error) === 'ENOENT' && (await this.#objects.size(uploadKey(id))) === bytes;
      if (!isDone) throw error;
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
    await mkdir(this.#folder, { recursive: true });
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

function openedFile(opened: number): PartialFile {
  const storing = async (work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      throw asStorageFault(error);
    }
  };
  return {
    write: (chunk, position) =>
      storing(async () => {
        for (let at = 0; at < chunk.length; ) {
          const { bytesWritten } = await writeSome(opened, chunk, at, chunk.length - at, position + at);
          at += bytesWritten;
        }
      }),
    sync: () => storing(() => syncData(opened)),
    close: () => closeSync(opened),
  };
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
