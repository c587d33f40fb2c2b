import { spawnSync } from 'node:child_process';
import type { TestContext } from 'node:test';
import { temporaryFolder } from './temporary-folder.ts';

/**
 * A file system of its own in a folder, or undefined, said by name, where this user may not mount one.
 * @param size such as `1m`
 */
export async function mountSmall(t: TestContext, size: string): Promise<string | undefined> {
  const folder = await temporaryFolder();
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tintype-test', folder.path]);
  t.after(async () => {
    // Lazy: a file may be open for a moment yet.
    if (mounted.status === 0) spawnSync('umount', ['-l', folder.path]);
    await folder[Symbol.asyncDispose]();
  });
  if (mounted.status === 0) return folder.path;
  t.diagnostic(`Not tested, as no file system can be mounted here: ${t.name}`);
  return undefined;
}
