import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, describe, it } from 'node:test';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { eventually } from '../support/eventually.ts';
import { photo } from '../support/photo.ts';
import { tintype } from '../support/program.ts';
import { s3Servers } from '../support/s3-stores.ts';
import { type S3Server, s3Client, s3Environment } from '../support/servers/s3-server.ts';
import { embedded, Service } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

for (const { name, server } of await s3Servers()) {
  describe(`the service with its objects on ${name}`, () => {
    after(() => server[Symbol.asyncDispose]());

    it('takes an upload to its outputs and passes them through', async () => {
      await using service = await Service.start(s3Environment(server));
      const job = await madeJob(service);
      const answer = await fetch(new URL(job.outputs[0].location, service.url), { redirect: 'manual' });
      assert.equal(answer.status, 200);
      assert.equal(hash(await answer.bytes()), job.outputs[0].sha256);
      const part = await fetch(new URL(job.outputs[1].location, service.url), {
        headers: { range: 'bytes=2-9' },
      });
      assert.equal(part.status, 206);
      assert.equal((await part.bytes()).length, 8);
      assert.deepEqual(await keysOf(server, job.id), [`1/small.jpg`, `1/web.webp`]);
      const ready = await fetch(`${service.url}/health/ready`);
      assert.equal(ready.status, 200);
    });

    it('redirects downloads to the store, with headers of its own', async () => {
      await using service = await Service.start({
        ...s3Environment(server),
        OBJECT_DOWNLOADS: 'redirect',
      });
      const job = await madeJob(service);
      for (const address of [job.outputs[0].location, '/thumbnails/thumb_photo.jpg']) {
        const redirect = await fetch(new URL(address, service.url), { redirect: 'manual' });
        assert.equal(redirect.status, 302);
        assert.equal(redirect.headers.get('cache-control'), 'no-store');
        const location = redirect.headers.get('location') ?? '';
        assert.ok(location.startsWith(`${server.endpoint}/${server.bucket}/service/jobs/${job.id}/1/`));
        const image = await fetch(location);
        assert.equal(image.status, 200);
        assert.equal(hash(await image.bytes()), job.outputs[0].sha256);
        assert.equal(image.headers.get('content-type'), 'image/jpeg');
        assert.match(image.headers.get('content-disposition') ?? '', /^inline; filename="thumb_photo.jpg"/);
      }
      const known = { 'if-none-match': `"${job.outputs[0].sha256}"` };
      const same = await fetch(new URL(job.outputs[0].location, service.url), { headers: known });
      assert.equal(same.status, 304);
      const head = await fetch(new URL(job.outputs[0].location, service.url), { method: 'HEAD' });
      assert.equal(head.status, 200);
      assert.equal(head.headers.get('content-length'), String(job.outputs[0].bytes));
    });
  });
}

it('starts while the store is away, and says so', async () => {
  await using service = await Service.start({
    OBJECT_STORE_URL: 's3://images',
    AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9',
    AWS_ACCESS_KEY_ID: 'any',
    AWS_SECRET_ACCESS_KEY: 'any',
  });
  const answer = await fetch(`${service.url}/health/ready`);
  assert.equal(answer.status, 503);
  const { parts } = (await answer.json()) as { parts: { objectStore: string } };
  assert.match(parts.objectStore, /object store can’t be reached/);
});

it('does not start without a region where AWS is meant', async () => {
  await using folder = await temporaryFolder();
  const env = { ...embedded(folder.path), HOME: folder.path, OBJECT_STORE_URL: 's3://images' };
  const { code, stderr } = await tintype(['serve'], { env });
  assert.equal(code, 78);
  assert.match(stderr, /AWS_REGION/);
});

/** On a busy machine. */
const patienceMs = 60_000;

interface MadeJob {
  readonly id: string;
  readonly status: string;
  readonly outputs: [MadeOutput, MadeOutput];
}

interface MadeOutput {
  readonly location: string;
  readonly sha256: string;
  readonly bytes: number;
}

async function madeJob({ url }: Service): Promise<MadeJob> {
  const form = new FormData();
  const image = await photo(1200, 800).jpeg().toBuffer();
  form.append('image', new Blob([new Uint8Array(image)]), 'photo.jpg');
  const outputs = [
    { name: 'small', size: '100x100', filename: 'thumb_photo.jpg' },
    { name: 'web', width: 600, format: 'webp' },
  ];
  form.append('job', JSON.stringify({ outputs }));
  const answer = await fetch(`${url}/jobs`, { method: 'POST', body: form });
  assert.equal(answer.status, 202);
  const { id } = (await answer.json()) as MadeJob;
  return eventually(
    async () => {
      const job = (await (await fetch(`${url}/jobs/${id}`)).json()) as MadeJob;
      return job.status === 'complete' && job;
    },
    'the job is complete',
    patienceMs,
  );
}

async function keysOf(server: S3Server, job: string): Promise<string[]> {
  const client = s3Client(server);
  const prefix = `service/jobs/${job}/`;
  const { Contents = [] } = await client.send(
    new ListObjectsV2Command({ Bucket: server.bucket, Prefix: prefix }),
  );
  client.destroy();
  return Contents.map(({ Key = '' }) => Key.slice(prefix.length)).sort();
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
