import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { type Change, makeChanges } from './durable-changes.ts';

/** Any user who may not do everything. */
const nobody = 65_534;

describe('makeChanges', () => {
  it('makes what it can of a batch and tells each change its own fault', async () => {
    await using folder = await temporaryFolder();
    const { root, moveIn } = await newRoot(folder.path);
    const changes: Change[] = [
      await moveIn('jobs/1/1/a'),
      { ...(await moveIn('jobs/2/1/b')), file: path.join(folder.path, 'never-made') },
      await moveIn('taken'),
      await moveIn('taken/below'),
      { kind: 'delete', files: [root, path.join(root, 'jobs/3/c'), path.join(root, 'old/d')] },
      await moveIn('jobs/1/1/e'),
      { kind: 'make folder', folder: path.join(root, 'made') },
    ];
    await mkdir(path.join(root, 'old'));
    await writeFile(path.join(root, 'old/d'), 'd');
    const faults = makeChanges(root, changes);
    assert.deepEqual(
      faults.map(fault => fault !== undefined),
      [false, true, false, true, true, false, false],
    );
    assert.deepEqual((await readdir(root)).sort(), ['jobs', 'made', 'taken']);
    assert.deepEqual(await readdir(path.join(root, 'jobs')), ['1']);
    assert.deepEqual((await readdir(path.join(root, 'jobs/1/1'))).sort(), ['a', 'e']);
    assert.equal(await readFile(path.join(root, 'jobs/1/1/e'), 'utf8'), 'jobs/1/1/e');
  });

  it('makes the root too', async () => {
    await using folder = await temporaryFolder();
    const { moveIn } = await newRoot(folder.path);
    const root = path.join(folder.path, 'far/below');
    const change = { ...(await moveIn('a')), target: path.join(root, 'jobs/1/a') };
    assert.deepEqual(makeChanges(root, [change]), [undefined]);
    assert.equal(await readFile(change.target, 'utf8'), 'a');
  });

  it('takes out what was moved into a folder that can’t be made durable, and nothing else', async t => {
    await using folder = await temporaryFolder();
    const { root, moveIn } = await newRoot(folder.path);
    const changes = [await moveIn('bad/1/a'), await moveIn('good/1/b'), await moveIn('bad/c')];
    const bad = path.join(root, 'bad');
    await mkdir(bad);
    // Files can be moved into it, but it can't be opened to be synced.
    await chmod(bad, 0o300);
    const faults = await asNobody(t, folder.path, () => makeChanges(root, changes));
    if (faults === undefined) return;
    assert.deepEqual(
      faults.map(fault => (fault as NodeJS.ErrnoException | undefined)?.code),
      ['EACCES', undefined, 'EACCES'],
    );
    assert.equal(existsSync(path.join(root, 'good/1/b')), true);
    assert.equal(existsSync(bad), false);
  });
});

async function newRoot(folder: string) {
  const root = path.join(folder, 'objects');
  await mkdir(root);
  let count = 0;
  const moveIn = async (key: string): Promise<Change & { kind: 'move in' }> => {
    const file = path.join(folder, `${count++}`);
    await writeFile(file, key);
    return { kind: 'move in', file, isSynced: false, target: path.join(root, key) };
  };
  return { root, moveIn };
}

/** Works as a user whom permissions bind; undefined, said by name, where there is no such thing. */
async function asNobody<Result>(
  t: TestContext,
  folder: string,
  work: () => Result,
): Promise<Result | undefined> {
  const { geteuid, seteuid } = process;
  if (geteuid === undefined || seteuid === undefined) {
    t.diagnostic(`Not tested, as permissions bind nobody here: ${t.name}`);
    return undefined;
  }
  const user = geteuid();
  if (user !== 0) return work();
  const entries = await readdir(folder, { recursive: true });
  for (const entry of ['', ...entries]) await chown(path.join(folder, entry), nobody, nobody);
  seteuid(nobody);
  try {
    return work();
  } finally {
    seteuid(user);
  }
}
