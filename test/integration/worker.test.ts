import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import sharp from 'sharp';
import { TintypeError } from '../../src/errors/tintype-error.ts';
import { uploadKey } from '../../src/jobs/upload-store.ts';
import { photo } from '../support/photo.ts';
import { Pipeline } from '../support/pipeline.ts';
import { withMethods } from '../support/with-methods.ts';

const image = await photo(600, 400).jpeg().toBuffer();
/** Long enough in the encoder to be met there. */
const slowOutput = [
  { name: 'slow', filename: 'slow.avif', options: { width: 4000, height: 3000, format: 'avif' } },
];

test('a job comes out complete, its output stored under its attempt and told with its true sum', async () => {
  await using pipeline = await Pipeline.open();
  pipeline.startWorker();
  const { id } = await pipeline.submit(image);
  const job = await pipeline.reaches(id, 'complete');
  const stored = job.outputs[0]?.stored;
  assert.equal(stored?.key, `jobs/${id}/1/thumb.jpg`);
  const bytes = await buffer(await pipeline.objects.read(stored.key));
  assert.equal(createHash('sha256').update(bytes).digest('hex'), stored.sha256);
  assert.deepEqual([stored.width, stored.height, stored.bytes], [100, 100, bytes.length]);
  assert.equal((await sharp(bytes).metadata()).format, 'jpeg');
  assert.deepEqual(await pipeline.leftInStore(), [stored.key]);
});

test('a broken image fails at once, with a reason, after one attempt, and leaves nothing', async () => {
  await using pipeline = await Pipeline.open();
  pipeline.startWorker();
  const { id } = await pipeline.submit(image.subarray(0, image.length / 2));
  const job = await pipeline.reaches(id, 'failed');
  assert.equal(job.failure?.code, 'corrupt-image');
  assert.equal(job.attempts, 1);
  assert.deepEqual(await pipeline.leftInStore(), []);
  assert('upload' in job.source);
  const { upload } = job.source;
  await assert.rejects(pipeline.jobs.retry(id), { code: 'source-gone' });
  await pipeline.sweeper.clean();
  assert.equal(await pipeline.objects.size(uploadKey(upload)), undefined);
});

test('a source that fails for a while is tried again and counted; the job completes', async () => {
  let requests = 0;
  const server = createServer((_request, response) => {
    requests += 1;
    response.statusCode = requests < 3 ? 503 : 200;
    response.end(requests < 3 ? 'busy' : image);
  }).listen(0, '127.0.0.1');
  await using _server = { [Symbol.asyncDispose]: async () => void server.close() };
  await using pipeline = await Pipeline.open();
  pipeline.startWorker();
  const { port } = server.address() as AddressInfo;
  const source = { url: `http://127.0.0.1:${port}/photo.jpg`, filename: 'photo.jpg' };
  const { id } = await pipeline.submit(image, { source });
  const job = await pipeline.reaches(id, 'complete');
  assert.equal(requests, 3);
  assert.equal(job.attempts, 3);
});

test('faults of our own object store count nothing against the job', async () => {
  await using pipeline = await Pipeline.open();
  let faults = 0;
  const failing = withMethods(pipeline.objects, {
    adopt: async (key, file) => {
      faults += 1;
      if (faults <= 2) throw new TintypeError('storage-unavailable', 'The disk is full.');
      await pipeline.objects.adopt(key, file);
    },
  });
  pipeline.startWorker({ objects: failing });
  const { id } = await pipeline.submit(image);
  const job = await pipeline.reaches(id, 'complete');
  assert.equal(faults, 3);
  assert.equal(job.attempts, 1);
  assert.deepEqual(await pipeline.leftInStore(), [job.outputs[0]?.stored?.key]);
});

test('an original that shows up late is waited for, and counts nothing against the job', async () => {
  await using pipeline = await Pipeline.open();
  let looks = 0;
  const late = withMethods(pipeline.objects, {
    localFile: (...call) => {
      looks += 1;
      if (looks < 3) return Promise.reject(new TintypeError('not-found', 'There is no such object.'));
      return pipeline.objects.localFile(...call);
    },
  });
  pipeline.startWorker({ objects: late });
  const { id } = await pipeline.submit(image);
  const job = await pipeline.reaches(id, 'complete');
  assert.equal(looks, 3);
  assert.equal(job.attempts, 1);
});

test('so is a watermark', async () => {
  await using pipeline = await Pipeline.open();
  const mark = 'shared/mark.png';
  await pipeline.objects.put(mark, photo(300, 260).png());
  let looks = 0;
  const late = withMethods(pipeline.objects, {
    localFile: (key, signal) => {
      if (key === mark) looks += 1;
      if (key === mark && looks < 3) throw new TintypeError('not-found', 'There is no such object.');
      return pipeline.objects.localFile(key, signal);
    },
  });
  pipeline.startWorker({ objects: late });
  const options = { width: 400, watermark: { object: mark } };
  const { id } = await pipeline.submit(image, { outputs: [{ name: 'a', filename: 'a.jpg', options }] });
  const job = await pipeline.reaches(id, 'complete');
  assert.equal(looks, 3);
  assert.equal(job.attempts, 1);
});

test('an original that stays away fails the job', async () => {
  await using pipeline = await Pipeline.open();
  pipeline.startWorker({ policy: { maxAttempts: 3, maxJobMs: 60_000, missingMs: 500 } });
  const source = { object: 'imports/local/never-there.jpg', filename: 'never-there.jpg' };
  const { id } = await pipeline.submit(image, { source });
  const job = await pipeline.reaches(id, 'failed');
  assert.equal(job.failure?.code, 'not-found');
});

test('a cancelled job frees its renderer and stores nothing', async () => {
  await using pipeline = await Pipeline.open();
  pipeline.startWorker({ slots: 1 });
  const { id } = await pipeline.submit(image, { outputs: slowOutput });
  await pipeline.reaches(id, 'processing');
  await pipeline.jobs.cancel(id);
  // The one slot is free again long before the slow image could be done.
  const next = await pipeline.submit(image);
  const before = performance.now();
  await pipeline.reaches(next.id, 'complete');
  assert((await pipeline.store.jobs.get(id))?.status === 'cancelled');
  assert(performance.now() - before < 3_000, 'freed in time');
  await pipeline.sweeper.clean();
  assert.deepEqual(await pipeline.leftInStore(), [`jobs/${next.id}/1/thumb.jpg`]);
});

test('a worker that stops gives back what it could not finish, uncounted and claimable at once', async () => {
  await using pipeline = await Pipeline.open();
  const worker = pipeline.startWorker();
  const { id } = await pipeline.submit(image, { outputs: slowOutput });
  await pipeline.reaches(id, 'processing');
  await worker.stop();
  const job = await pipeline.store.jobs.get(id);
  assert.equal(job?.status, 'pending');
  assert.equal(job.attempts, 0);
  const [claim] = await pipeline.store.attempts.claim('another', 1, 1_000);
  assert.equal(claim?.job.id, id);
  assert.deepEqual(await pipeline.leftInStore(), []);
});

test('a job that used up its running time fails with job-timeout', async () => {
  await using pipeline = await Pipeline.open();
  pipeline.startWorker({ policy: { maxAttempts: 3, maxJobMs: 300, missingMs: 0 } });
  const { id } = await pipeline.submit(image, { outputs: slowOutput });
  const job = await pipeline.reaches(id, 'failed');
  assert.equal(job.failure?.code, 'job-timeout');
});

test('a job with notBefore starts when its time has come, not earlier', async () => {
  await using pipeline = await Pipeline.open();
  pipeline.startWorker();
  const notBefore = Date.now() + 700;
  const { id } = await pipeline.submit(image, { notBefore });
  const job = await pipeline.reaches(id, 'complete');
  assert((job.startedAt ?? 0) >= notBefore);
});

test('thirty jobs with four workers: each is made once', async () => {
  await using pipeline = await Pipeline.open();
  for (let worker = 0; worker < 4; worker += 1) pipeline.startWorker();
  const jobs = await Promise.all(Array.from({ length: 30 }, () => pipeline.submit(image)));
  for (const { id } of jobs) await pipeline.reaches(id, 'complete');
  const attempts = await Promise.all(jobs.map(({ id }) => readdir(`${pipeline.folder}/objects/jobs/${id}`)));
  assert.deepEqual(new Set(attempts.map(String)), new Set(['1']));
});

test('a failed job runs again on request, and not when its original is gone', async () => {
  await using pipeline = await Pipeline.open();
  pipeline.startWorker();
  const outside = {
    name: 'cut',
    filename: 'cut.jpg',
    options: { crop: { left: 0, top: 0, width: 9000, height: 1 } },
  };
  const { id, source } = await pipeline.submit(image, { outputs: [outside] });
  await pipeline.reaches(id, 'failed');
  const again = await pipeline.jobs.retry(id);
  assert.equal(again.run, 2);
  await pipeline.reaches(id, 'failed');
  assert('upload' in source);
  await pipeline.objects.delete([uploadKey(source.upload)]);
  await assert.rejects(pipeline.jobs.retry(id), { code: 'source-gone' });
});
