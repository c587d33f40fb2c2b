import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { openSqlite } from '../../src/job-store/sqlite/sqlite.ts';
import { uploadKey } from '../../src/jobs/upload-store.ts';
import { FilesystemObjectStore } from '../../src/objects/filesystem.ts';
import { eventually } from '../support/eventually.ts';
import { launcher, start, tintype } from '../support/program.ts';
import { embedded } from '../support/service.ts';
import { found, newJob } from '../support/stored-jobs.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** So many that a process can be killed while it copies them. */
const objectCount = 400;
const patienceMs = 60_000;

describe('a backup or a restore that is cut off', () => {
  let home: TemporaryFolder;
  let env: Record<string, string>;
  let upload: string;

  before(async () => {
    home = await temporaryFolder();
    env = { ...embedded(home.path), LEASE_SECONDS: '3' };
    upload = await fillStores(home.path);
  });
  after(() => home[Symbol.asyncDispose]());

  it('leaves no whole backup when it is killed, and the next one is made when its lease is over', async () => {
    const folder = path.join(home.path, 'killed');
    await cutOff(['backup', folder], path.join(folder, 'objects/uploads'), 'SIGKILL');
    assert.ok(!existsSync(path.join(folder, 'manifest.json')));
    await refused(['restore', folder], 2, /no manifest\.json, .* not finished/);
    await refused(['backup', folder], 2, /is not empty/);
    const next = path.join(home.path, 'next');
    await eventually(
      async () => (await tintype(['backup', next], { env })).code === 0,
      'the lease is over',
      patienceMs,
    );
    for (const file of ['manifest.json', 'tables/jobs.ndjson', `objects/${uploadKey(upload)}`]) {
      assert.equal(statSync(path.join(next, file)).mode & 0o777, 0o600, file);
    }
  });

  it('says that it was stopped, and the next one may begin at once', async () => {
    const folder = path.join(home.path, 'stopped');
    const { code, stderr } = await cutOff(['backup', folder], path.join(folder, 'objects/uploads'), 'SIGINT');
    assert.deepEqual([code, stderr], [130, `Stopped: ${folder} is not a whole backup; remove it.\n`]);
    assert.ok(!existsSync(path.join(folder, 'manifest.json')));
    const next = await tintype(['backup', path.join(home.path, 'after-stopped')], { env });
    assert.deepEqual([next.code, next.stderr], [0, '']);
    assert.match(next.stdout, /^Backed up 1 job \(\d+ rows\) and 400 objects \(26 MB\) in /);
  });

  it('is done by the same command again when a restore was killed', async () => {
    const folder = path.join(home.path, 'whole');
    assert.equal((await tintype(['backup', folder], { env })).code, 0);
    await using target = await temporaryFolder();
    const to = embedded(target.path);
    const objects = path.join(target.path, 'objects/uploads');
    await cutOff(['restore', folder], objects, 'SIGKILL', to);
    const left = readdirSync(objects).length;
    assert.ok(left < objectCount, `${left} were restored`);
    assert.match((await tintype(['jobs', 'list'], { env: to })).stdout, /^No jobs/);
    const { code, stdout } = await tintype(['restore', folder], { env: to });
    assert.deepEqual([code, stdout.split(' ').slice(0, 3)], [0, ['Restored', '1', 'job']]);
    assert.equal(readdirSync(objects).length, objectCount);
    assert.match((await tintype(['jobs', 'list'], { env: to })).stdout, /pending/);
  });

  /** Sends the signal once the first objects are there. */
  async function cutOff(args: string[], objects: string, signal: NodeJS.Signals, environment = env) {
    // Not another Node, behind which the launcher would hand the work on to a process of its own.
    const child = start(process.execPath, [launcher, ...args], { env: environment });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', text => {
      stderr += text;
    });
    child.stdout.resume();
    const ended = once(child, 'close');
    await eventually(() => existsSync(objects) && readdirSync(objects).length > 0, 'it copies', patienceMs);
    child.kill(signal);
    const [code] = await ended;
    return { code, stderr };
  }

  async function refused(args: string[], code: number, message: RegExp): Promise<void> {
    const ended = await tintype(args, { env });
    assert.deepEqual([ended.code, ended.stdout], [code, '']);
    assert.match(ended.stderr, message);
  }
});

/** A job and many uploads; resolves to one of them. */
async function fillStores(folder: string): Promise<string> {
  const store = await openSqlite({ file: path.join(folder, 'tintype.db'), exclusive: true });
  const objects = new FilesystemObjectStore(path.join(folder, 'objects'));
  try {
    await store.migrate();
    await objects.clearScratch(0);
    await store.jobs.submit(newJob());
    const ids = Array.from({ length: objectCount }, () => newJob().id);
    await Promise.all(
      ids.map(async id => {
        await store.uploads.create({ id, owner: 'ann', filename: 'cat.jpg' });
        await objects.put(uploadKey(id), Readable.from([Buffer.alloc(65_536, id)]));
      }),
    );
    return found(ids[0]);
  } finally {
    await store.close();
    await objects.close();
  }
}
