import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

export const projectRoot = path.resolve(import.meta.dirname, '../..');
export const launcher = path.join(projectRoot, 'bin/tintype.js');

/** How a program ended, and what it said. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface ProgramOptions {
  readonly cwd?: string;
  /** Beside PATH and HOME, which are all that it gets from here. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The PATH of a user's shell: without the node_modules/.bin that npm puts in front of it. */
const userPath = (process.env.PATH ?? '')
  .split(path.delimiter)
  .filter(folder => !folder.endsWith(path.join('node_modules', '.bin')))
  .join(path.delimiter);

/** Starts a program as a user's shell does: the machine's own `node` and `npm`, and an environment without ours. */
export function start(
  command: string,
  args: readonly string[],
  { cwd = projectRoot, env = {} }: ProgramOptions = {},
): ChildProcessByStdio<null, Readable, Readable> {
  const { HOME = cwd } = process.env;
  return spawn(command, args, {
    cwd,
    env: { PATH: userPath, HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs a program to its end; an exit code other than 0 is no error here. */
export async function run(
  command: string,
  args: readonly string[],
  options?: ProgramOptions,
): Promise<Ended> {
  const child = start(command, args, options);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code, stdout, stderr };
}

/** Runs `tintype` of this working copy with the machine's own Node. */
export function tintype(args: readonly string[], options?: ProgramOptions): Promise<Ended> {
  return run('node', [launcher, ...args], options);
}
