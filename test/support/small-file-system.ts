import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';

/**
 * A file system of its own in a folder, or undefined, said by name, where this user may not mount one.
 * @param size such as `1m`
 */
export async function mountSmall(t: TestContext, size: string): Promise<string | undefined> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tintype-mount-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tintype-test', folder]);
  t.after(async () => {
    if (mounted.status === 0) spawnSync('umount', [folder]);
    await rm(folder, { recursive: true, force: true });
  });
  if (mounted.status === 0) return folder;
  t.diagnostic(`Not tested, as no file system can be mounted here: ${t.name}`);
  return undefined;
}
