import assert from 'node:assert/strict';
import { appendFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { uploadKey } from '../../src/jobs/upload-store.ts';
import { backUpPipeline, beforeReads } from '../support/backups.ts';
import { eventually } from '../support/eventually.ts';
import { photo } from '../support/photo.ts';
import { Pipeline } from '../support/pipeline.ts';
import { newJob } from '../support/stored-jobs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const image = await photo(600, 400).jpeg().toBuffer();

test('holds the objects that rows name, and no others', async () => {
  await using pipeline = await Pipeline.open();
  await using target = await temporaryFolder();
  const { objects } = pipeline;
  for (const key of ['imports/local/photo.jpg', 'imports/local/other.jpg', 'shared/mark.png']) {
    await objects.put(key, Readable.from([await photo(600, 400).png().toBuffer()]));
  }
  await objects.put('jobs/unknown/1/thumb.jpg', Readable.from([image]));
  await writeFile(path.join(objects.scratch, 'on-its-way'), image);
  const source = { object: 'imports/local/photo.jpg', filename: 'photo.jpg' };
  const options = { size: '60x60', format: 'jpeg', watermark: { object: 'shared/mark.png' } };
  const outputs = [{ name: 'thumb', filename: 'thumb.jpg', options }];
  pipeline.startWorker();
  const first = await pipeline.submit(image, { outputs });
  const second = await pipeline.submit(image, { source, outputs });
  for (const { id } of [first, second]) await pipeline.reaches(id, 'complete');
  await pipeline.store.uploads.create({ id: newJob().id, owner: 'local', filename: 'on-its-way.jpg' });

  const manifest = await backUpPipeline(pipeline, target.path);
  const held = (await linesOf(target.path, 'objects.ndjson')).map(({ key }) => key).sort();
  assert('upload' in first.source);
  const uploads = held.filter(key => key.startsWith('uploads/'));
  assert.ok(uploads.includes(uploadKey(first.source.upload)));
  assert.deepEqual(
    held.filter(key => !key.startsWith('uploads/')),
    [
      'imports/local/photo.jpg',
      `jobs/${first.id}/1/thumb.jpg`,
      `jobs/${second.id}/1/thumb.jpg`,
      'shared/mark.png',
    ].sort(),
  );
  assert.equal(manifest.objects.lines, held.length);
  assert.equal(manifest.missing.lines, 0);
  for (const key of held) {
    const original = await buffer(await objects.read(key));
    assert.deepEqual(await readFile(path.join(target.path, 'objects', key)), original);
  }
});

test('what expires while a backup is made stays until its end', async () => {
  await using pipeline = await Pipeline.open();
  await using target = await temporaryFolder();
  pipeline.startWorker();
  const { id, source } = await pipeline.submit(image, { retentionMs: 2_000 });
  const job = await pipeline.reaches(id, 'complete');
  assert('upload' in source);
  const keys = [uploadKey(source.upload), job.outputs[0]?.stored?.key ?? ''];
  let isSwept = false;
  const objects = beforeReads(pipeline.objects, async () => {
    if (isSwept) return;
    isSwept = true;
    await eventually(async () => (await pipeline.store.expiry.expireDue(10)) === 1, 'it expires');
    await pipeline.sweeper.clean();
    for (const key of keys) assert.ok(await pipeline.objects.size(key), `${key} is still there`);
  });
  const manifest = await backUpPipeline(pipeline, target.path, { objects });
  assert.ok(isSwept);
  assert.deepEqual([manifest.objects.lines, manifest.missing.lines], [2, 0]);
  const [row] = await linesOf(target.path, 'tables/jobs.ndjson');
  assert.equal(row?.status, 'complete');
  await pipeline.sweeper.clean();
  for (const key of keys) assert.equal(await pipeline.objects.size(key), undefined);
});

test('is given up when objects may have been deleted meanwhile', async () => {
  await using pipeline = await Pipeline.open();
  await using target = await temporaryFolder();
  await pipeline.submit(image);
  const leaseMs = 200;
  const objects = beforeReads(pipeline.objects, async () => {
    // As a process that was stopped for longer than its lease.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, leaseMs + 100);
  });
  await assert.rejects(backUpPipeline(pipeline, target.path, { objects, leaseMs }), {
    code: 'storage-unavailable',
    message: /objects may have been deleted/,
  });
  assert.ok(!(await readdir(target.path)).includes('manifest.json'));
});

test('refuses to be the second one at a time', async () => {
  await using pipeline = await Pipeline.open();
  await using target = await temporaryFolder();
  await using second = await temporaryFolder();
  await pipeline.submit(image);
  const objects = beforeReads(pipeline.objects, async () => {
    await assert.rejects(backUpPipeline(pipeline, second.path), {
      code: 'storage-unavailable',
      message: /Another backup/,
    });
  });
  await backUpPipeline(pipeline, target.path, { objects });
  await backUpPipeline(pipeline, second.path);
});

test('names what is missing or damaged in the object store, and holds the rest', async () => {
  await using pipeline = await Pipeline.open();
  await using target = await temporaryFolder();
  pipeline.startWorker();
  const jobs = [];
  for (let count = 0; count < 3; count += 1) jobs.push(await pipeline.submit(image));
  const ended = await Promise.all(jobs.map(({ id }) => pipeline.reaches(id, 'complete')));
  const [gone = '', damaged = '', whole = ''] = ended.map(({ outputs }) => outputs[0]?.stored?.key);
  await pipeline.objects.delete([gone]);
  await appendFile(path.join(pipeline.folder, 'objects', damaged), 'x');
  const manifest = await backUpPipeline(pipeline, target.path);
  assert.equal(manifest.missing.lines, 2);
  assert.deepEqual(
    (await linesOf(target.path, 'missing.ndjson')).sort((a, b) => a.key.localeCompare(b.key)),
    [
      { key: gone, fault: 'missing' },
      { key: damaged, fault: 'damaged' },
    ].sort((a, b) => a.key.localeCompare(b.key)),
  );
  const held = await readdir(path.join(target.path, 'objects/jobs'));
  assert.deepEqual(held, [whole.split('/')[1]]);
});

test('goes into a new or an empty folder alone', async () => {
  await using pipeline = await Pipeline.open();
  await using folder = await temporaryFolder();
  await backUpPipeline(pipeline, path.join(folder.path, 'below', 'new'));
  const file = path.join(folder.path, 'file');
  await writeFile(file, '');
  for (const [target, reason] of [
    [folder.path, /it is not empty/],
    [file, /it is no folder/],
    [path.join(file, 'below'), /it is no folder/],
  ] as const) {
    await assert.rejects(backUpPipeline(pipeline, target), { code: 'invalid-request', message: reason });
  }
  if (process.platform === 'linux') {
    await assert.rejects(backUpPipeline(pipeline, '/proc/none/below'), { code: 'storage-unavailable' });
  }
  await rm(path.join(folder.path, 'below/new'), { recursive: true });
  await backUpPipeline(pipeline, path.join(folder.path, 'below/new'));
});

// biome-ignore lint/suspicious/noExplicitAny: the tests say what must be in it
async function linesOf(folder: string, file: string): Promise<any[]> {
  const text = await readFile(path.join(folder, file), 'utf8');
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line));
}
