import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { cachedProgram } from './program-cache.ts';
import { realServer } from './real-server.ts';

const run = promisify(execFile);
const longestMs = 240_000;

/**
 * The path of a Python interpreter that has packages from PyPI; undefined where they can't be had, as with `realServer`.
 * @param name of the environment, with versions
 * @param installs what `pip install` gets, call by call: packages with their versions
 */
export function pythonWith(
  name: string,
  installs: readonly (readonly string[])[],
  what: string,
): Promise<string | undefined> {
  return realServer(what, async () => {
    const folder = await cachedProgram(`python-${name}`, async unfinished => {
      await run('python3', ['-m', 'venv', unfinished], { timeout: longestMs });
      for (const packages of installs) {
        const pip = ['-m', 'pip', 'install', '--quiet', ...packages];
        await run(interpreter(unfinished), pip, { timeout: longestMs });
      }
    });
    return interpreter(folder);
  });
}

function interpreter(folder: string): string {
  return path.join(folder, 'bin', 'python');
}
