import assert from 'node:assert/strict';
import { readdir, statfs } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { Spools } from './spool.ts';

const noRoom = { code: 'storage-unavailable', retryAfter: 5 };

test('a spool gives back what was written, and has no name', async () => {
  await using folder = await temporaryFolder();
  const scratch = path.join(folder.path, 'scratch');
  const spool = await new Spools(scratch).open(10);
  assert.deepEqual(await readdir(scratch), []);
  await spool.write(Buffer.from('world'), 5);
  await spool.write(Buffer.from('hello'), 0);
  await spool.write(Buffer.from('H'), 0);
  const read = Buffer.alloc(8);
  await spool.read(read);
  assert.equal(read.toString(), 'Hellowor');
  await assert.rejects(spool.read(Buffer.alloc(11)), /holds less/);
  await spool.close();
});

test('spools fill no more than half of the free space, and leave it to others when they are closed', async () => {
  await using folder = await temporaryFolder();
  const { bavail, bsize } = await statfs(folder.path);
  const spools = new Spools(folder.path);
  await assert.rejects(spools.open(bavail * bsize), noRoom);
  const third = Math.floor((bavail * bsize) / 3);
  const first = await spools.open(third);
  await assert.rejects(spools.open(third), noRoom);
  const small = await spools.open(1000);
  await first.close();
  const second = await spools.open(third);
  await second.close();
  await small.close();
  assert.deepEqual(await readdir(folder.path), []);
});
