import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { leftOut } from './test-data.ts';

const run = promisify(execFile);
const longestMs = 240_000;

/**
 * A Python with a package from PyPI, in an environment that is kept in the user's cache folder: the path of its
 * interpreter. Where there is no Python or no registry it is undefined, and `what` stands among what was not tested;
 * where everything must be tested that is a failure.
 * @param requirement a package with its version, such as `standardwebhooks==1.1.0`
 */
export async function pythonWith(requirement: string, what: string): Promise<string | undefined> {
  const name = `python-${requirement.replace('==', '-')}`;
  const folder = path.join(os.homedir(), '.cache', 'tintype-tests', name);
  const python = path.join(folder, 'bin', 'python');
  try {
    if (!existsSync(python)) await install(requirement, folder);
    return python;
  } catch (error) {
    leftOut(`there is no Python that can install ${requirement}`, what, error);
    return undefined;
  }
}

/** In a folder beside, so that nobody finds half of it. */
async function install(requirement: string, folder: string): Promise<void> {
  const draft = `${folder}.${process.pid}`;
  try {
    await mkdir(path.dirname(folder), { recursive: true });
    await run('python3', ['-m', 'venv', draft], { timeout: longestMs });
    const python = path.join(draft, 'bin', 'python');
    await run(python, ['-m', 'pip', 'install', '--quiet', requirement], { timeout: longestMs });
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
}
