import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rename, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** Programs that tests need and package registries have, kept by name and version for the next run and the next clone. */
const cache = path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'), 'tintype-tests');

/**
 * The folder of a program. Where it is not there yet, `build` fills a new one, once however many test processes ask at
 * the same time. What `build` throws leaves nothing behind.
 * @param name with the version, as a folder name: another version is another program
 */
export async function cachedProgram(name: string, build: (folder: string) => Promise<void>): Promise<string> {
  const folder = path.join(cache, name);
  if (existsSync(folder)) return folder;
  await mkdir(cache, { recursive: true });
  await using _lock = await lock(`${folder}.lock`);
  if (existsSync(folder)) return folder;
  const unfinished = await mkdtemp(`${folder}.`);
  try {
    await build(unfinished);
    await rename(unfinished, folder);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return folder;
}

/** Waits until no living process has the lock. */
async function lock(file: string): Promise<AsyncDisposable> {
  for (;;) {
    try {
      const opened = await open(file, 'wx');
      await opened.writeFile(String(process.pid));
      await opened.close();
      return { [Symbol.asyncDispose]: () => rm(file, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (await isLeftBehind(file)) await rm(file, { force: true });
    else await setTimeout(200);
  }
}

async function isLeftBehind(file: string): Promise<boolean> {
  try {
    const holder = Number(await readFile(file, 'utf8'));
    // Between its creation and the writing of its holder it is empty.
    if (holder > 0) process.kill(holder, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
