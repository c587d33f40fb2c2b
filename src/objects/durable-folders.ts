import { mkdir, open, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { systemCode } from '../errors/storage-fault.ts';

/** A folder on its way to be there for a file, shared by all who want it at the same time. */
export interface WantedFolder {
  /** Resolves when the folder is there. It may go again while it is empty. */
  readonly there: Promise<unknown>;
  /** Makes the folder itself durable, with those above it that are new. Done once, however often it is called. */
  settle(): Promise<void>;
}

/** How often a folder is made again when others keep pruning it, before that is held to be a fault. */
export const mostTries = 50;

/**
 * Makes folders under a root and syncs only the entries that are new. Whoever wants a folder that is not settled
 * yet shares its making, so nobody takes a folder for durable that another has made but not yet synced.
 */
export class DurableFolders {
  readonly #root: string;
  readonly #unsettled = new Map<string, WantedFolder>();

  /** @param root an absolute path; made when missing, with what is above it */
  constructor(root: string) {
    this.#root = root;
  }

  /** Everyone who calls this must call `settle` in the end, after a failure too. */
  want(folder: string): WantedFolder {
    const unsettled = this.#unsettled.get(folder);
    if (unsettled) return unsettled;
    const parents: WantedFolder[] = [];
    const made = folder === this.#root ? makeRoot(folder) : this.#make(folder, parents);
    let settling: Promise<void> | undefined;
    const wanted: WantedFolder = {
      there: made,
      settle: () => {
        settling ??= settle(folder, made, parents).finally(() => this.#unsettled.delete(folder));
        return settling;
      },
    };
    this.#unsettled.set(folder, wanted);
    return wanted;
  }

  /** Deletes the folder and those above it, up to the root, as far as they are empty. */
  async prune(folder: string): Promise<void> {
    for (let at = folder; at !== this.#root; at = path.dirname(at)) {
      try {
        await rmdir(at);
      } catch (error) {
        // Anything but ENOENT: not empty, or not ours to delete. An empty folder does no harm.
        if (systemCode(error) !== 'ENOENT') return;
      }
    }
  }

  /** Resolves to whether the folder is new. Puts into `parents` what must be settled before the folder is durable. */
  async #make(folder: string, parents: WantedFolder[]): Promise<boolean> {
    const above = path.dirname(folder);
    for (let tries = 1; ; tries++) {
      const made = await tryToMake(folder, tries);
      if (made !== 'no-parent') {
        const parent = this.#unsettled.get(above);
        if (parent) parents.push(parent);
        return made === 'new';
      }
      // Whoever pruned the parent left its making stale; a settled one is made afresh.
      await parents.at(-1)?.settle();
      const parent = this.want(above);
      parents.push(parent);
      await parent.there;
    }
  }
}

async function makeRoot(root: string): Promise<boolean> {
  const first = await mkdir(root, { recursive: true });
  if (first === undefined) return false;
  // `settle` syncs the root's parent; here those above that one.
  for (let at = path.dirname(root); at.length >= first.length; at = path.dirname(at)) {
    await syncFolder(path.dirname(at));
  }
  return true;
}

async function tryToMake(folder: string, tries: number): Promise<'new' | 'old' | 'no-parent'> {
  try {
    await mkdir(folder);
    return 'new';
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return 'old';
    if (systemCode(error) === 'ENOENT' && tries < mostTries) return 'no-parent';
    throw error;
  }
}

async function settle(folder: string, made: Promise<boolean>, parents: readonly WantedFolder[]) {
  try {
    if (await made) await syncFolder(path.dirname(folder));
  } finally {
    await Promise.all(parents.map(parent => parent.settle()));
  }
}

/** Makes the entries of a folder durable. A folder that is gone has none. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders; NTFS journals their entries itself.
  if (process.platform === 'win32') return;
  try {
    await syncPath(folder, 'r');
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}

/** Makes what was written to a file durable. */
export async function syncFile(file: string): Promise<void> {
  // Opened for writing because Windows flushes no other handles.
  await syncPath(file, 'r+');
}

async function syncPath(at: string, flags: 'r' | 'r+'): Promise<void> {
  await using handle = await open(at, flags);
  await handle.sync();
}
