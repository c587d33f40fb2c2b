import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import type { Job, NewJob } from '../../src/jobs/job.ts';
import { uploadKey } from '../../src/jobs/upload-store.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { StoreAudit } from '../../src/worker/store-audit.ts';
import { eventually } from '../support/eventually.ts';
import { photo } from '../support/photo.ts';
import { Pipeline } from '../support/pipeline.ts';
import { claimOne, completed, ref } from '../support/stored-jobs.ts';

const image = await photo(600, 400).jpeg().toBuffer();
const short = 50;
const unaborted = new AbortController().signal;

test('an expired job stays, and its outputs and its upload are deleted', async () => {
  await using pipeline = await Pipeline.open();
  pipeline.startWorker();
  const kept = await pipeline.submit(image);
  const { id, source } = await pipeline.submit(image, { retentionMs: short });
  await pipeline.reaches(kept.id, 'complete');
  await untilExpired(pipeline, id);
  assert('upload' in source && 'upload' in kept.source);
  assert.deepEqual((await pipeline.leftInStore()).sort(), [`jobs/${kept.id}/1/thumb.jpg`]);
  assert.equal(await pipeline.objects.size(uploadKey(source.upload)), undefined);
  assert.equal(await pipeline.objects.size(uploadKey(kept.source.upload)), image.length);
  await assert.rejects(pipeline.jobs.retry(id), { code: 'source-gone' });
});

test('an object that a job names as its source is nobody’s to delete', async () => {
  await using pipeline = await Pipeline.open();
  pipeline.startWorker();
  await pipeline.objects.put('shared/photo.jpg', Readable.from([image]));
  const source = { object: 'shared/photo.jpg', filename: 'photo.jpg' };
  const { id } = await pipeline.submit(image, { source, retentionMs: short });
  await untilExpired(pipeline, id);
  assert.equal(await pipeline.objects.size('shared/photo.jpg'), image.length);
});

test('an upload goes with the last job that names it', async () => {
  await using pipeline = await Pipeline.open();
  pipeline.startWorker();
  const first = await pipeline.submit(image, { retentionMs: short });
  const { source } = first;
  assert('upload' in source);
  const second = await pipeline.jobs.submit({ ...asked(first), source, retentionMs: 10 * 60_000 });
  await untilExpired(pipeline, first.id);
  await pipeline.reaches(second.id, 'complete');
  assert.equal(await pipeline.objects.size(uploadKey(source.upload)), image.length);
});

test('a reader who has begun reads an expired image to its end', async () => {
  await using pipeline = await Pipeline.open();
  const large = Buffer.alloc(3_000_000, 7);
  await pipeline.submit(image, { retentionMs: short });
  const claim = await claimOne(pipeline.store);
  const end = completed(claim);
  assert(end.result === 'complete');
  const key = end.outputs[0]?.key ?? '';
  await pipeline.objects.put(key, Readable.from([large]));
  await pipeline.store.attempts.end(ref(claim), end);
  const reading = await pipeline.objects.read(key);
  await untilExpired(pipeline, claim.job.id);
  assert.equal(await pipeline.objects.size(key), undefined);
  assert.equal(sha256(await buffer(reading)), sha256(large));
});

test('what is swept survives a sweeper that died between marking and deleting', async () => {
  await using pipeline = await Pipeline.open();
  pipeline.startWorker();
  const { id } = await pipeline.submit(image, { retentionMs: short });
  await pipeline.reaches(id, 'complete');
  await eventually(async () => (await pipeline.store.expiry.expireDue(10)) === 1, 'it is marked');
  assert.deepEqual(await pipeline.leftInStore(), [`jobs/${id}/1/thumb.jpg`]);
  await pipeline.sweeper.clean();
  assert.deepEqual(await pipeline.leftInStore(), []);
});

test('the audit deletes what no row knows and is older than a day, and nothing else', async () => {
  await using pipeline = await Pipeline.open();
  pipeline.startWorker();
  const job = await pipeline.submit(image);
  await pipeline.reaches(job.id, 'complete');
  const stranger = crypto.randomUUID();
  const unknown = [
    `jobs/${job.id}/2/thumb.jpg`,
    `jobs/${stranger}/1/a.jpg`,
    'jobs/odd',
    `uploads/${stranger}`,
  ];
  const spared = [`jobs/${stranger}/1/new.jpg`, 'shared/old.jpg', 'imports/local/old.jpg'];
  for (const key of [...unknown, ...spared]) await pipeline.objects.put(key, Readable.from([image]));
  await mkdir(path.join(pipeline.folder, 'objects/jobs/dead/1'), { recursive: true });
  await writeFile(path.join(pipeline.objects.scratch, 'dead'), 'x');
  assert('upload' in job.source);
  const known = [`jobs/${job.id}/1/thumb.jpg`, uploadKey(job.source.upload)];
  await age(pipeline, [
    ...unknown,
    ...known,
    spared[1] ?? '',
    spared[2] ?? '',
    'jobs/dead/1',
    '.scratch/dead',
  ]);

  const metrics = new Metrics();
  await auditOf(pipeline, metrics).run(unaborted);
  for (const key of unknown) assert.equal(await pipeline.objects.size(key), undefined, key);
  for (const key of [...spared, ...known]) assert.ok(await pipeline.objects.size(key), key);
  assert.equal(existsSync(path.join(pipeline.folder, 'objects/jobs/dead')), false);
  assert.equal(existsSync(path.join(pipeline.objects.scratch, 'dead')), false);
  const told = await metrics.registry.metrics();
  assert.match(told, /^tintype_audit_deleted_objects_total 4$/m);
  assert.match(told, /^tintype_audit_missing_objects 0$/m);
});

test('the audit reports objects that jobs name and that are missing', async () => {
  await using pipeline = await Pipeline.open();
  pipeline.startWorker();
  const jobs = [await pipeline.submit(image), await pipeline.submit(image)];
  for (const { id } of jobs) await pipeline.reaches(id, 'complete');
  const [first, second] = jobs as [Job, Job];
  assert('upload' in second.source);
  await pipeline.objects.delete([`jobs/${first.id}/1/thumb.jpg`, uploadKey(second.source.upload)]);
  const metrics = new Metrics();
  await auditOf(pipeline, metrics).run(unaborted);
  assert.match(await metrics.registry.metrics(), /^tintype_audit_missing_objects 2$/m);
});

test('the audit is done once a day, and not on the first', async () => {
  await using pipeline = await Pipeline.open();
  await pipeline.objects.put('uploads/unknown', Readable.from([image]));
  await age(pipeline, ['uploads/unknown']);
  await auditOf(pipeline, new Metrics(), 86_400_000).run(unaborted);
  assert.equal(await pipeline.objects.size('uploads/unknown'), image.length);
});

function auditOf({ store, objects }: Pipeline, metrics: Metrics, everyMs = 0): StoreAudit {
  return new StoreAudit({
    ...store,
    objects,
    holder: 'test',
    everyMs,
    logger: createLogger('silent'),
    metrics,
  });
}

/** Sweeps until the job is expired and its objects are deleted. */
async function untilExpired(pipeline: Pipeline, id: string): Promise<void> {
  await eventually(async () => {
    await pipeline.sweeper.clean();
    return (await pipeline.store.jobs.get(id))?.status === 'expired';
  }, 'the job expires');
  await pipeline.sweeper.clean();
}

async function age({ folder }: Pipeline, keys: readonly string[]): Promise<void> {
  const twoDaysAgo = new Date(Date.now() - 2 * 86_400_000);
  for (const key of keys) await utimes(path.join(folder, 'objects', key), twoDaysAgo, twoDaysAgo);
}

function asked({ owner, priority, outputs }: Job): Pick<NewJob, 'owner' | 'priority' | 'outputs'> {
  return {
    owner,
    priority,
    outputs: outputs.map(({ name, filename, options }) => ({ name, filename, options })),
  };
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
