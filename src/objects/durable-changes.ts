import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fsyncSync,
  openSync,
  renameSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs';
import path from 'node:path';
import { systemCode } from '../errors/storage-fault.ts';
import { makeFolder, privateMode } from '../program/make-folder.ts';
import { isAbsence } from './if-there.ts';

/** One thing to do in the store's folders. All paths are absolute. */
export type Change = MoveIn | Deletion | NewFolder | Pruning;

/** Renames a finished file to its place and makes that durable; the folders for it are made. */
export interface MoveIn {
  readonly kind: 'move in';
  readonly file: string;
  /** Whether the file's bytes are durable already; they are made so if not. */
  readonly isSynced: boolean;
  readonly target: string;
}

/** Deletes files that may be there, and the folders that this empties. */
export interface Deletion {
  readonly kind: 'delete';
  readonly files: readonly string[];
}

export interface NewFolder {
  readonly kind: 'make folder';
  readonly folder: string;
}

/** Deletes folders that may be empty. */
export interface Pruning {
  readonly kind: 'prune';
  readonly folders: readonly string[];
}

/** How often a folder is made again when other processes keep pruning it, before that is held to be a fault. */
const mostTries = 50;

/**
 * Makes all changes as one batch, so that the file system commits once for many: it syncs the files, renames them,
 * then syncs every folder that changed, once. Whoever calls this must be the only one in the process who changes
 * folders below `root`; other processes may do so meanwhile.
 * @returns each change's fault, or undefined where the change is made and durable. A change with a fault leaves
 *   nothing behind but its file, where that was not moved yet. Deletions are not synced: what a power cut brings back
 *   no row knows any more, so the daily audit deletes it again.
 */
export function makeChanges(root: string, changes: readonly Change[]): unknown[] {
  const faults: unknown[] = changes.map(() => undefined);
  const goThrough = (step: (change: Change) => void) => {
    for (const [i, change] of changes.entries()) {
      if (faults[i] !== undefined) continue;
      try {
        step(change);
      } catch (error) {
        faults[i] = error;
      }
    }
  };
  const made = new Set<string>();
  goThrough(syncFile);
  goThrough(change => place(change, made));
  const unsynced = syncFolders(changes.filter((_, i) => faults[i] === undefined).flatMap(foldersOf(made)));
  goThrough(change => checkSynced(change, foldersOf(made)(change), unsynced));
  goThrough(deleteFiles);
  prune(root, changes.flatMap(emptied(faults)));
  return faults;
}

function syncFile(change: Change): void {
  if (change.kind !== 'move in' || change.isSynced) return;
  // Opened for writing because Windows flushes no other handles.
  const opened = openSync(change.file, 'r+');
  try {
    fdatasyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

/** @param made takes the folders that are new */
function place(change: Change, made: Set<string>): void {
  const make = (folder: string) => {
    for (const folderMade of makeFolder(folder, privateMode)) made.add(folderMade);
  };
  if (change.kind === 'make folder') make(change.folder);
  if (change.kind !== 'move in') return;
  for (let tries = 1; ; tries++) {
    make(path.dirname(change.target));
    try {
      renameSync(change.file, change.target);
      return;
    } catch (error) {
      // Another process pruned the folder before the file was in it, or the file itself is missing.
      const isPruned = systemCode(error) === 'ENOENT' && tries < mostTries && existsSync(change.file);
      if (!isPruned) throw error;
    }
  }
}

/** The folders whose entries a change has changed: its own, and those that hold a new folder on the way to it. */
function foldersOf(made: ReadonlySet<string>): (change: Change) => string[] {
  return change => {
    if (change.kind === 'delete' || change.kind === 'prune') return [];
    const folder = change.kind === 'move in' ? path.dirname(change.target) : change.folder;
    const folders = change.kind === 'move in' ? [folder] : [];
    for (let at = folder; made.has(at); at = path.dirname(at)) folders.push(path.dirname(at));
    return folders;
  };
}

/** Makes the entries of folders durable, each once; returns the faults of those where that failed. */
function syncFolders(folders: readonly string[]): Map<string, unknown> {
  const faults = new Map<string, unknown>();
  // Windows opens no folders; NTFS journals their entries itself.
  if (process.platform === 'win32') return faults;
  for (const folder of new Set(folders)) {
    try {
      syncFolder(folder);
    } catch (error) {
      // A folder that is gone has no entries.
      if (systemCode(error) !== 'ENOENT') faults.set(folder, error);
    }
  }
  return faults;
}

function syncFolder(folder: string): void {
  const opened = openSync(folder, 'r');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

/** Throws when one of the change's folders is not durable, and takes out what was moved there. */
function checkSynced(
  change: Change,
  folders: readonly string[],
  unsynced: ReadonlyMap<string, unknown>,
): void {
  const failed = folders.find(folder => unsynced.has(folder));
  if (failed === undefined) return;
  if (change.kind === 'move in') deleteFile(change.target);
  throw unsynced.get(failed);
}

/** Deletes all it can; throws the first fault. */
function deleteFiles(change: Change): void {
  if (change.kind !== 'delete') return;
  const faults: unknown[] = [];
  for (const file of change.files) {
    try {
      deleteFile(file);
    } catch (error) {
      faults.push(error);
    }
  }
  if (faults.length > 0) throw faults[0];
}

function deleteFile(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if (!isAbsence(error)) throw error;
  }
}

/** The folders that may be empty now: those of deleted files and of files that did not get in. */
function emptied(faults: readonly unknown[]): (change: Change, i: number) => string[] {
  return (change, i) => {
    if (change.kind === 'prune') return [...change.folders];
    if (change.kind === 'delete') return change.files.map(file => path.dirname(file));
    return change.kind === 'move in' && faults[i] !== undefined ? [path.dirname(change.target)] : [];
  };
}

/** Deletes the folders and those above them, up to the root, as far as they are empty. */
function prune(root: string, folders: readonly string[]): void {
  for (const folder of new Set(folders)) {
    for (let at = folder; at !== root; at = path.dirname(at)) {
      try {
        rmdirSync(at);
      } catch (error) {
        // Anything but ENOENT: not empty, or not ours to delete. An empty folder does no harm.
        if (systemCode(error) !== 'ENOENT') break;
      }
    }
  }
}
