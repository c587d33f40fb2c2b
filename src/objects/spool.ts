import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import { asOwnStorageFault } from '../errors/storage-fault.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import { makePrivateFolder } from './scratch-folder.ts';

/** Of the free space of its file system, the share that spools may fill; the rest is for jobs. */
const shareOfSpace = 0.5;
const retryAfterSeconds = 5;

/** A local file without a name, so that it goes with the process, however that ends. */
export interface Spool {
  write(chunk: Buffer, position: number): Promise<void>;
  /** Fills the buffer with the file's first bytes. */
  read(target: Buffer): Promise<void>;
  close(): Promise<void>;
}

/** Gives out spools as long as there is room for them. */
export class Spools {
  readonly #folder: string;
  /** What the open ones may come to hold. */
  #bytes = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param bytes how many it will hold at most. Throws `storage-unavailable` where there is no room for them. */
  async open(bytes: number): Promise<Spool> {
    this.#bytes += bytes;
    try {
      await makePrivateFolder(this.#folder);
      await this.#checkRoom();
      return spoolOf(await openNameless(path.join(this.#folder, randomUUID())), () => {
        this.#bytes -= bytes;
      });
    } catch (error) {
      this.#bytes -= bytes;
      throw asOwnStorageFault(error);
    }
  }

  async #checkRoom(): Promise<void> {
    const { bavail, bsize } = await statfs(this.#folder);
    if (this.#bytes <= bavail * bsize * shareOfSpace) return;
    const message = 'There is no room for more uploads at once.';
    throw new TintypeError('storage-unavailable', message, { retryAfter: retryAfterSeconds });
  }
}

async function openNameless(file: string): Promise<FileHandle> {
  const opened = await open(file, 'wx+', 0o600);
  // Where an open file can't be removed, it is cleared from the scratch folder with all that is old.
  await rm(file, { force: true }).catch(() => {});
  return opened;
}

function spoolOf(opened: FileHandle, closed: () => void): Spool {
  return {
    write: (chunk, position) =>
      faultsOfDisk(async () => {
        for (let at = 0; at < chunk.length; ) {
          const { bytesWritten } = await opened.write(chunk, at, chunk.length - at, position + at);
          at += bytesWritten;
        }
      }),
    read: target =>
      faultsOfDisk(async () => {
        for (let at = 0; at < target.length; ) {
          const { bytesRead } = await opened.read(target, at, target.length - at, at);
          if (bytesRead === 0) throw new Error('A spool holds less than was written to it.');
          at += bytesRead;
        }
      }),
    async close() {
      closed();
      await opened.close();
    },
  };
}

async function faultsOfDisk(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw asOwnStorageFault(error);
  }
}
