import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { after, describe, it } from 'node:test';
import { CreateMultipartUploadCommand } from '@aws-sdk/client-s3';
import { objectStoreContract } from '../../test/contracts/object-store.ts';
import { FaultyProxy } from '../../test/support/faulty-proxy.ts';
import { openS3Store, s3Servers, unfinishedUploads } from '../../test/support/s3-stores.ts';
import { type S3Server, s3Client } from '../../test/support/servers/s3-server.ts';
import { freePort } from '../../test/support/servers/server-process.ts';

const { signal } = new AbortController();

for (const { name, server } of await s3Servers()) {
  describe(`S3ObjectStore on ${name}`, () => {
    after(() => server[Symbol.asyncDispose]());

    objectStoreContract(() => openS3Store(server));

    it('deletes more than one request can name', async () => {
      await using opened = await openS3Store(server);
      const { store } = opened;
      const there = ['a', 'jobs/1', 'last'];
      for (const key of there) await store.put(key, Readable.from([Buffer.from(key)]));
      await store.delete(['a', ...Array.from({ length: 2_100 }, (_, i) => `none/${i}`), 'jobs/1', 'last']);
      for (const key of there) assert.equal(await store.size(key), undefined, key);
    });

    it('adopts more files than it sends at once', async () => {
      await using opened = await openS3Store(server);
      const { store } = opened;
      const names = Array.from({ length: 100 }, (_, i) => `file-${i}`);
      for (const each of names) await writeFile(path.join(store.scratch, each), each);
      await Promise.all(names.map(each => store.adopt(`jobs/${each}`, path.join(store.scratch, each))));
      for (const each of names) assert.equal(await store.size(`jobs/${each}`), each.length);
      assert.deepEqual(await readdir(store.scratch), []);
    });

    it('removes the copy that it lent', async () => {
      await using opened = await openS3Store(server);
      const { store } = opened;
      await store.put('a', Readable.from([Buffer.from('pixels')]));
      {
        await using file = await store.localFile('a', signal);
        assert.deepEqual(await readdir(store.scratch), [path.basename(file.path)]);
      }
      assert.deepEqual(await readdir(store.scratch), []);
    });

    it('ends multipart uploads that died, of its own prefix and old enough alone', async () => {
      await using opened = await openS3Store(server);
      const { store, prefix } = opened;
      const client = s3Client(server);
      for (const key of [`${prefix}uploads/1`, `${prefix}jobs/1`, `other-${prefix}jobs/1`]) {
        await client.send(new CreateMultipartUploadCommand({ Bucket: server.bucket, Key: key }));
      }
      client.destroy();
      assert.equal(await store.tidy('', 86_400_000, signal), 0);
      assert.equal(await store.tidy('uploads/', 0, signal), 1);
      assert.deepEqual(await unfinishedUploads(server, prefix), [`${prefix}jobs/1`]);
      assert.equal(await store.tidy('', 0, signal), 1);
      assert.deepEqual(await unfinishedUploads(server, prefix), []);
      assert.equal((await unfinishedUploads(server, `other-${prefix}`)).length, 1);
    });

    it('says what is wrong', async () => {
      assert.match(await faultWith(server, { bucket: 'nobody-made-it' }), /no such bucket/);
      assert.match(await faultWith(server, { endpoint: `http://127.0.0.1:${await freePort()}` }), /reached/);
      const { accessKeyId, secretAccessKey } = server;
      const stranger = { accessKeyId: 'stranger', secretAccessKey };
      assert.match(await faultWith(server, { credentials: stranger }), /does not know the access key/);
      const wrong = { accessKeyId, secretAccessKey: 'wrong' };
      assert.match(await faultWith(server, { credentials: wrong }), /refuses the secret key/);
    });

    it('takes a missing bucket for a fault, not for a missing object', async () => {
      await using opened = await openS3Store(server, { bucket: 'nobody-made-it' });
      const fault = { code: 'storage-unavailable' };
      await assert.rejects(opened.store.size('a'), fault);
      await assert.rejects(opened.store.read('a'), fault);
      await assert.rejects(opened.store.delete(['a']), fault);
      await assert.rejects(opened.store.list('')[Symbol.asyncIterator]().next(), fault);
    });

    it('gives links that need no credentials, with the headers that were asked for', async () => {
      await using opened = await openS3Store(server);
      const { store } = opened;
      await store.put('a', Readable.from([Buffer.from('pixels')]));
      const headers = {
        contentType: 'image/webp',
        contentDisposition: `inline; filename="a_b.webp"; filename*=UTF-8''%C3%A4%20b.webp`,
        cacheControl: 'private, max-age=31536000, immutable',
      };
      const answer = await fetch(await store.linkTo('a', headers));
      assert.equal(await answer.text(), 'pixels');
      assert.equal(answer.headers.get('content-type'), headers.contentType);
      assert.equal(answer.headers.get('content-disposition'), headers.contentDisposition);
      assert.equal(answer.headers.get('cache-control'), headers.cacheControl);
    });

    it('asks for the encryption that is set, of every object', async () => {
      await using proxy = await FaultyProxy.start(server.endpoint);
      const encryption = { algorithm: 'aws:kms', kmsKeyId: 'alias/images' } as const;
      await using opened = await openS3Store(server, { endpoint: proxy.url, encryption });
      proxy.spoil = () => 'busy';
      await assert.rejects(opened.store.put('small', Readable.from([Buffer.alloc(1)])));
      await assert.rejects(opened.store.put('large', Readable.from([Buffer.alloc(6 * 2 ** 20)])));
      assert.ok(proxy.requests.some(({ path }) => path.includes('?uploads')));
      for (const { headers } of proxy.requests) {
        assert.equal(headers['x-amz-server-side-encryption'], 'aws:kms');
        assert.equal(headers['x-amz-server-side-encryption-aws-kms-key-id'], 'alias/images');
      }
    });
  });
}

async function faultWith(server: S3Server, changed: Parameters<typeof openS3Store>[1]): Promise<string> {
  await using opened = await openS3Store(server, changed);
  try {
    await opened.store.check();
    return '';
  } catch (error) {
    assert.equal((error as { code?: unknown }).code, 'storage-unavailable');
    return (error as Error).message;
  }
}
