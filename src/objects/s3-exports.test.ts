import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { after, describe, it } from 'node:test';
import { CreateBucketCommand, GetObjectCommand, NoSuchKey } from '@aws-sdk/client-s3';
import { exportStoreContract, type OpenExports } from '../../test/contracts/export-store.ts';
import { openS3Store, s3Servers } from '../../test/support/s3-stores.ts';
import { type S3Server, s3Client } from '../../test/support/servers/s3-server.ts';
import { S3Bucket } from './s3-bucket.ts';
import { S3Exports } from './s3-exports.ts';

async function open(server: S3Server, hasOwnLogin: boolean): Promise<OpenExports> {
  await using cleanup = new AsyncDisposableStack();
  const { store } = cleanup.use(await openS3Store(server));
  const client = cleanup.adopt(s3Client(server), opened => opened.destroy());
  const bucket = `out-${randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const credentials = { accessKeyId, secretAccessKey };
  const owned = hasOwnLogin
    ? new S3Bucket({ endpoint, region, credentials, bucket: 'none', prefix: '' })
    : undefined;
  const exports = cleanup.adopt(new S3Exports(store, owned), opened => opened.close());
  const kept = cleanup.move();
  return {
    objects: store,
    exports,
    bucket,
    async read(from, key) {
      try {
        const answer = await client.send(new GetObjectCommand({ Bucket: from, Key: key }));
        const content = (await answer.Body?.transformToString()) ?? '';
        return { content, contentType: answer.ContentType };
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

for (const { name, server } of await s3Servers()) {
  describe(`exports to S3 (${name})`, () => {
    after(() => server[Symbol.asyncDispose]());
    describe('copied by the server', () => exportStoreContract(() => open(server, false)));
    describe('copied through this process', () => exportStoreContract(() => open(server, true)));

    // SeaweedFS makes it.
    if (name === 'SeaweedFS') return;
    it('says that a bucket is missing, which somebody may still make', async () => {
      for (const hasOwnLogin of [false, true]) {
        await using opened = await open(server, hasOwnLogin);
        await opened.objects.put('a', Readable.from([Buffer.from('pixels')]));
        const to = { bucket: `none-${randomUUID()}`, key: 'a', contentType: 'image/png' };
        await assert.rejects(opened.exports.copy('a', to, new AbortController().signal), {
          code: 'storage-unavailable',
        });
      }
    });
  });
}
