import { opendir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { StoredObject } from '../jobs/object-store.ts';
import { ifThere, isAbsence } from './if-there.ts';
import { isKey } from './object-key.ts';

/** Entries that are read from a folder at once. */
const bufferSize = 256;

/** Every object under the root whose key starts with the prefix; what comes or goes meanwhile may be missed. */
export async function* walk(root: string, prefix: string): AsyncGenerator<StoredObject> {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  if (folder !== '' && !isKey(folder.slice(0, -1))) return;
  yield* walkFolder(root, folder, prefix);
}

/** @param folder its keys' start: empty, or with a slash at its end */
async function* walkFolder(root: string, folder: string, prefix: string): AsyncGenerator<StoredObject> {
  const entries = await ifThere(opendir(path.join(root, folder), { bufferSize }));
  if (!entries) return;
  try {
    for await (const entry of entries) {
      const key = folder + entry.name;
      if (!isKey(key)) continue;
      if (entry.isDirectory()) {
        if (`${key}/`.startsWith(prefix)) yield* walkFolder(root, `${key}/`, prefix);
      } else if (key.startsWith(prefix)) {
        const facts = await ifThere(stat(path.join(root, key)));
        if (facts) yield { key, bytes: facts.size, modifiedAt: facts.mtimeMs };
      }
    }
  } catch (error) {
    // The folder was deleted while it was read.
    if (!isAbsence(error)) throw error;
  }
}

/** Every folder below this one, absolute, that holds nothing at all and was not changed since; none after an abort. */
export async function* emptyFolders(
  folder: string,
  latestMs: number,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const entries = await ifThere(opendir(folder, { bufferSize }));
  if (!entries) return;
  let isEmpty = true;
  try {
    for await (const entry of entries) {
      if (signal.aborted) return;
      isEmpty = false;
      if (entry.isDirectory()) yield* emptyFolders(path.join(folder, entry.name), latestMs, signal);
    }
  } catch (error) {
    if (!isAbsence(error)) throw error;
  }
  const facts = isEmpty ? await ifThere(stat(folder)) : undefined;
  if (facts && facts.mtimeMs <= latestMs) yield folder;
}
