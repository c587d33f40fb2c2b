import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { cachedProgram } from './program-cache.ts';
import { realServer } from './real-server.ts';

const run = promisify(execFile);
const longestMs = 240_000;

/**
 * The path of a Python interpreter that has a package from PyPI; undefined where that can't be had, as with
 * `realServer`.
 * @param requirement a package with its version, such as `standardwebhooks==1.1.0`
 */
export function pythonWith(requirement: string, what: string): Promise<string | undefined> {
  return realServer(what, async () => {
    const folder = await cachedProgram(`python-${requirement.replace('==', '-')}`, async unfinished => {
      await run('python3', ['-m', 'venv', unfinished], { timeout: longestMs });
      const pip = ['-m', 'pip', 'install', '--quiet', requirement];
      await run(interpreter(unfinished), pip, { timeout: longestMs });
    });
    return interpreter(folder);
  });
}

function interpreter(folder: string): string {
  return path.join(folder, 'bin', 'python');
}
