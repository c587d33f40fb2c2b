import { execFile } from 'node:child_process';
import { glob, symlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { cachedProgram } from './program-cache.ts';

const run = promisify(execFile);
const version = '0.9.10-2.1';
const library = 'libfaketime.so.1';

/**
 * The environment of a process whose clock is wrong, as if its machine's were; time goes by at its usual rate.
 * @param offset such as `+5m` or `-5m`
 */
export async function wrongClock(offset: string): Promise<Record<string, string>> {
  const folder = await cachedProgram(`libfaketime-${process.arch}-${version}`, download);
  return {
    LD_PRELOAD: path.join(folder, library),
    FAKETIME: offset,
    DONT_FAKE_MONOTONIC: '1',
    // The files' times are those of the machine that has them.
    NO_FAKE_STAT: '1',
  };
}

/** Debian's package, without installing it. */
async function download(folder: string): Promise<void> {
  await run('apt-get', ['download', `libfaketime=${version}`], { cwd: folder });
  for await (const file of glob('*.deb', { cwd: folder }))
    await run('dpkg-deb', ['-x', file, '.'], { cwd: folder });
  for await (const file of glob(`usr/lib/*/faketime/${library}`, { cwd: folder })) {
    await symlink(file, path.join(folder, library));
  }
}
