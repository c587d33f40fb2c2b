import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { cachedProgram } from '../servers/program-cache.ts';

const run = promisify(execFile);

/**
 * The path of a program that Go's module proxy has.
 * @param module of the package with its main function
 * @param version such as `v1.2.3`
 */
export async function goProgram(name: string, module: string, version: string): Promise<string> {
  const folder = await cachedProgram(`${name}-${process.platform}-${process.arch}-${version}`, unfinished =>
    install(unfinished, `${module}@${version}`),
  );
  return path.join(folder, programOf(module));
}

async function install(folder: string, what: string): Promise<void> {
  await run('go', ['install', '-trimpath', '-ldflags=-s -w', what], {
    cwd: folder,
    env: { ...process.env, GOBIN: folder, CGO_ENABLED: '0' },
  });
}

/** Go names it after the last part of the path that is no major version. */
function programOf(module: string): string {
  return path.basename(module.replace(/\/v\d+$/, ''));
}
