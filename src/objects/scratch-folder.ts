import { lstat, readdir, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { TintypeError } from '../errors/tintype-error.ts';
import { makeFolder, privateMode } from '../program/make-folder.ts';
import { ifThere } from './if-there.ts';

/** Where a process keeps files for a store that is elsewhere: in the system's temporary folder, one for each user. */
export function temporaryScratch(): string {
  return path.join(os.tmpdir(), `tintype-scratch-${process.getuid?.() ?? os.userInfo().username}`);
}

/** Makes it, for this user alone. Throws `storage-unavailable` where somebody else has made it. */
export async function makePrivateFolder(folder: string): Promise<void> {
  makeFolder(folder, privateMode);
  const facts = await lstat(folder);
  const isOurs = facts.isDirectory() && (process.getuid === undefined || facts.uid === process.getuid());
  if (!isOurs) throw new TintypeError('storage-unavailable', `The folder ${folder} is somebody else’s.`);
}

/** Deletes what was not changed since `latestMs` (epoch); resolves to how much it was. */
export async function clearFolder(folder: string, latestMs: number): Promise<number> {
  let cleared = 0;
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name);
    const facts = await ifThere(stat(file));
    if (!facts || facts.mtimeMs > latestMs) continue;
    await rm(file, { recursive: true, force: true });
    cleared += 1;
  }
  return cleared;
}
