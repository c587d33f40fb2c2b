import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** The mode of a folder for callers' images, names and addresses: nobody else's. */
export const privateMode = 0o700;

/**
 * Makes a folder with those above it that are missing; returns the new ones, outermost first. Where a file system
 * takes no new folders and says that none is there (Linux's /proc), Node's own `recursive` never ends.
 * Throws the system's error. `mode` is that of the innermost.
 */
export function makeFolder(folder: string, mode?: number): string[] {
  if (isFolder(folder)) return [];
  const above = path.dirname(folder);
  const made = above === folder ? [] : makeFolder(above);
  try {
    mkdirSync(folder, mode);
  } catch (error) {
    // Another process was quicker.
    if (isFolder(folder)) return made;
    throw error;
  }
  return [...made, folder];
}

function isFolder(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
