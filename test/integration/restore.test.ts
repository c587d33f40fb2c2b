import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { openSqlite } from '../../src/job-store/sqlite/sqlite.ts';
import type { TriedJob } from '../../src/jobs/job.ts';
import { backUpPipeline, restoreInto } from '../support/backups.ts';
import { photo } from '../support/photo.ts';
import { Pipeline } from '../support/pipeline.ts';
import { found, newJob } from '../support/stored-jobs.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** Makes a backup what an earlier version would have made of the same jobs. */
async function takeGroupsAway(folder: string): Promise<void> {
  const [manifestFile, jobsFile] = ['manifest.json', 'tables/jobs.ndjson'].map(name =>
    path.join(folder, name),
  ) as [string, string];
  const manifest = JSON.parse(await readFile(manifestFile, 'utf8'));
  const lines = (await readFile(jobsFile, 'utf8')).trimEnd().split('\n');
  const earlier = lines.map(line => {
    const { group_id: _, part: _part, order_key: _key, blocked: _blocked, ...row } = JSON.parse(line);
    return `${JSON.stringify(row)}\n`;
  });
  await writeFile(jobsFile, earlier.join(''));
  const { groups: _, exports: _exports, ...tables } = manifest.tables;
  const sha256 = createHash('sha256').update(earlier.join('')).digest('hex');
  tables.jobs = { lines: earlier.length, sha256 };
  await writeFile(manifestFile, JSON.stringify({ ...manifest, schema: '0005-expiry', tables }));
}

const foreignKey = 'shared/mark.jpg';
const image = await photo(600, 400).jpeg().toBuffer();

describe('a restore', () => {
  let backup: TemporaryFolder;
  let job: TriedJob;

  before(async () => {
    backup = await temporaryFolder();
    await using pipeline = await Pipeline.open();
    pipeline.startWorker();
    await pipeline.objects.put(foreignKey, Readable.from([image]));
    const { id } = await pipeline.submit(image, { source: { object: foreignKey, filename: 'mark.jpg' } });
    await pipeline.reaches(id, 'complete');
    job = found(await pipeline.store.jobs.get(id));
    await backUpPipeline(pipeline, backup.path);
  });
  after(() => backup[Symbol.asyncDispose]());

  it('brings back rows and objects', async () => {
    await using home = await temporaryFolder();
    await restoreInto(home.path, backup.path);
    await isRestored(home.path);
  });

  it('refuses stores that are not empty, and changes nothing in them', async () => {
    await using home = await temporaryFolder();
    await restoreInto(home.path, backup.path);
    await assert.rejects(restoreInto(home.path, backup.path), {
      code: 'invalid-configuration',
      message: /DATABASE_URL .* not empty/,
    });
    await isRestored(home.path);
    await using other = await temporaryFolder();
    const foreign = path.join(other.path, 'objects/jobs/x/1/thumb.jpg');
    await mkdir(path.dirname(foreign), { recursive: true });
    await writeFile(foreign, image);
    await assert.rejects(restoreInto(other.path, backup.path), {
      code: 'invalid-configuration',
      message: /OBJECT_STORE_URL .* jobs\/x\/1\/thumb\.jpg/,
    });
    await rm(foreign);
    await restoreInto(other.path, backup.path);
  });

  it('takes objects of others that are there if they have the same bytes, and names those that have not', async () => {
    await using home = await temporaryFolder();
    const file = path.join(home.path, 'objects', foreignKey);
    await mkdir(path.dirname(file), { recursive: true });
    const sameSize = Buffer.from(image).fill(7);
    for (const bytes of [sameSize, image.subarray(1)]) {
      await writeFile(file, bytes);
      await assert.rejects(restoreInto(home.path, backup.path), {
        code: 'invalid-configuration',
        message: /other bytes .* shared\/mark\.jpg\. Accepted/,
      });
      assert.deepEqual(await readdir(path.join(home.path, 'objects')), ['.scratch', 'shared']);
      assert.deepEqual(await readFile(file), bytes);
    }
    await writeFile(file, image);
    await restoreInto(home.path, backup.path);
    await isRestored(home.path);
  });

  it('refuses while a service has the file', async () => {
    await using home = await temporaryFolder();
    const service = await openSqlite({ file: path.join(home.path, 'jobs.db'), exclusive: true });
    await assert.rejects(restoreInto(home.path, backup.path), {
      code: 'storage-unavailable',
      message: /Another `tintype serve`/,
    });
    await service.close();
    await restoreInto(home.path, backup.path);
  });

  it('fills a migrated store that nobody has used', async () => {
    await using home = await temporaryFolder();
    const store = await openSqlite({ file: path.join(home.path, 'jobs.db'), exclusive: true });
    await store.migrate();
    await store.close();
    await restoreInto(home.path, backup.path);
    await isRestored(home.path);
  });

  it('brings a backup of earlier tables up to date', async () => {
    await using earlier = await changedBackup();
    await takeGroupsAway(earlier.path);
    await using home = await temporaryFolder();
    await restoreInto(home.path, earlier.path);
    await isRestored(home.path);
  });

  const damages: [what: string, file: string, code: string, message: RegExp][] = [
    ['a table', 'tables/jobs.ndjson', 'checksum-mismatch', /jobs\.ndjson is not as it was written/],
    ['the list of objects', 'objects.ndjson', 'checksum-mismatch', /objects\.ndjson is not/],
    ['the manifest', 'manifest.json', 'invalid-request', /none of a backup/],
  ];
  for (const [what, file, code, message] of damages) {
    it(`refuses a backup when ${what} is damaged`, async () => {
      await using damaged = await changedBackup();
      const text = await readFile(path.join(damaged.path, file), 'utf8');
      await writeFile(path.join(damaged.path, file), text.slice(0, -2));
      await refusesAll(damaged.path, code, message);
    });
  }

  it('refuses a backup of which an object is damaged or missing, and goes on when it is mended', async () => {
    await using damaged = await changedBackup();
    const file = path.join(damaged.path, 'objects', found(job.outputs[0]?.stored?.key));
    const bytes = await readFile(file);
    await using home = await temporaryFolder();
    await writeFile(file, Buffer.concat([bytes.subarray(0, -1), Buffer.from([bytes.at(-1) === 0 ? 1 : 0])]));
    await assert.rejects(restoreInto(home.path, damaged.path), {
      code: 'checksum-mismatch',
      message: /thumb\.jpg is damaged/,
    });
    await rm(file);
    await assert.rejects(restoreInto(home.path, damaged.path), {
      code: 'checksum-mismatch',
      message: /thumb\.jpg is missing/,
    });
    await writeFile(file, bytes);
    await restoreInto(home.path, damaged.path);
    await isRestored(home.path);
  });

  it('refuses backups of later versions, and folders that are none', async () => {
    await using later = await changedBackup(manifest => {
      manifest.schema = '9999-later';
    });
    await refusesAll(later.path, 'invalid-request', /later version .* 9999-later/);
    await using other = await changedBackup(manifest => {
      manifest.format = 2;
    });
    await refusesAll(other.path, 'invalid-request', /later version/);
    await using none = await temporaryFolder();
    for (const folder of [none.path, path.join(none.path, 'missing')]) {
      await refusesAll(folder, 'invalid-request', /no manifest\.json/);
    }
  });

  /** A copy of the backup with something else in its manifest. */
  async function changedBackup(
    change: (manifest: Record<string, unknown>) => void = () => {},
  ): Promise<TemporaryFolder> {
    const folder = await temporaryFolder();
    await cp(backup.path, folder.path, { recursive: true });
    const file = path.join(folder.path, 'manifest.json');
    const manifest = JSON.parse(await readFile(file, 'utf8'));
    change(manifest);
    await writeFile(file, JSON.stringify(manifest));
    return folder;
  }

  /** Before anything is written. */
  async function refusesAll(source: string, code: string, message: RegExp): Promise<void> {
    await using home = await temporaryFolder();
    await assert.rejects(restoreInto(home.path, source), { code, message });
    await restoreInto(home.path, backup.path);
  }

  async function isRestored(home: string): Promise<void> {
    const store = await openSqlite({ file: path.join(home, 'jobs.db'), exclusive: true });
    try {
      assert.deepEqual(await store.jobs.get(job.id), job);
      const { stored } = found(job.outputs[0]);
      const bytes = await readFile(path.join(home, 'objects', found(stored).key));
      assert.equal(bytes.length, stored?.bytes);
      await store.jobs.submit(newJob());
    } finally {
      await store.close();
    }
  }
});
