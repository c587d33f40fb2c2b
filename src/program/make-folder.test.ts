import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { makeFolder } from './make-folder.ts';

describe('makeFolder', () => {
  it('makes what is missing and tells which that was', async () => {
    await using folder = await temporaryFolder();
    const inner = path.join(folder.path, 'a/b');
    assert.deepEqual(makeFolder(inner, 0o700), [path.dirname(inner), inner]);
    assert.equal(statSync(inner).mode & 0o777, process.platform === 'win32' ? 0o666 : 0o700);
    assert.deepEqual(makeFolder(inner), []);
  });

  it('fails where a file is in the way', async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, 'file');
    writeFileSync(file, '');
    assert.throws(() => makeFolder(file), { code: 'EEXIST' });
    assert.throws(() => makeFolder(path.join(file, 'below')), { code: /ENOTDIR|EEXIST/ });
  });

  // Other systems have no file system that says so.
  if (process.platform === 'linux') {
    it('gives up where no folder can be made', () => {
      assert.throws(() => makeFolder('/proc/none/below'), { code: 'ENOENT' });
    });
  }
});
