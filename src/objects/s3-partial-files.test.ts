import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { after, describe, it } from 'node:test';
import { v7 as uuidv7 } from 'uuid';
import { type OpenPartialFiles, partialFilesContract } from '../../test/contracts/partial-files.ts';
import { FaultyProxy } from '../../test/support/faulty-proxy.ts';
import { openS3Store, s3Servers, unfinishedUploads } from '../../test/support/s3-stores.ts';
import type { S3Server } from '../../test/support/servers/s3-server.ts';
import { uploadKey } from '../jobs/upload-store.ts';
import { partBytes } from './parts.ts';
import type { S3Options } from './s3-bucket.ts';
import { S3PartialFiles } from './s3-partial-files.ts';

const nothing = { received: 0, pieces: [] };
const large = Buffer.alloc(2 * partBytes + 1000, 'large');

for (const { name, server } of await s3Servers()) {
  describe(`S3PartialFiles on ${name}`, () => {
    after(() => server[Symbol.asyncDispose]());

    partialFilesContract(() => openPlace(server));

    it('loses nothing to a process that comes back late', async () => {
      await using place = await openPlace(server);
      const { objects, partialFiles, others } = place;
      const id = uuidv7();
      const late = await partialFiles.open(id, large.length, nothing);
      await late.append(Buffer.alloc(1000, 'wrong'));
      const file = await others.open(id, large.length, nothing);
      await file.append(large);
      const whole = await file.sync();
      await file.close(whole);
      await late.append(Buffer.alloc(partBytes, 'wrong'));
      await late.sync();
      await late.close(nothing);
      await others.complete(id, whole);
      assert.equal(await objects.size(uploadKey(id)), large.length);
      for await (const chunk of await objects.read(uploadKey(id))) {
        assert.ok(!(chunk as Buffer).includes('wrong'));
      }
    });

    it('leaves no file behind, and no multipart upload', async () => {
      await using place = await openPlace(server);
      const id = uuidv7();
      const file = await place.partialFiles.open(id, large.length, nothing);
      await file.append(large);
      assert.deepEqual(await readdir(place.objects.scratch), []);
      const whole = await file.sync();
      assert.deepEqual(await unfinishedUploads(server, place.prefix), []);
      await file.close(whole);
      await place.partialFiles.complete(id, whole);
      assert.deepEqual(await unfinishedUploads(server, place.prefix), []);
    });

    it('says what is durable only when the store has it, and goes on when the store is back', async () => {
      await using proxy = await FaultyProxy.start(server.endpoint);
      await using place = await openPlace(server, { endpoint: proxy.url });
      const id = uuidv7();
      const file = await place.partialFiles.open(id, large.length, nothing);
      proxy.spoil = method => (method === 'PUT' ? 'busy' : undefined);
      await assert.rejects(file.append(large), { code: 'storage-unavailable' });
      await file.close(nothing);
      assert.deepEqual(await place.everything(), []);
      // Each request is tried again.
      let requests = 0;
      proxy.spoil = () => (requests++ % 2 === 0 ? 'busy' : undefined);
      const again = await place.partialFiles.open(id, large.length, nothing);
      await again.append(large);
      const whole = await again.sync();
      await again.close(whole);
      await place.partialFiles.complete(id, whole);
      assert.equal(await place.objects.size(uploadKey(id)), large.length);
      assert.deepEqual(await place.everything(), [uploadKey(id)]);
    });

    it('asks for the encryption that is set, of every piece and of what is made of them', async () => {
      await using proxy = await FaultyProxy.start(server.endpoint);
      const encryption = { algorithm: 'aws:kms', kmsKeyId: 'alias/images' } as const;
      await using place = await openPlace(server, { endpoint: proxy.url, encryption });
      proxy.spoil = () => 'busy';
      const id = uuidv7();
      const file = await place.partialFiles.open(id, large.length, nothing);
      await assert.rejects(file.append(large));
      await file.close(undefined);
      for (const pieces of [['0-a'], ['0-a', '1-b']]) {
        await assert.rejects(place.partialFiles.complete(id, { received: large.length, pieces }));
      }
      const made = proxy.requests.filter(({ method }) => method === 'PUT' || method === 'POST');
      assert.ok(made.some(({ headers }) => headers['x-amz-copy-source'] !== undefined));
      assert.ok(made.some(({ path }) => path.includes('?uploads')));
      for (const { headers } of made) {
        assert.equal(headers['x-amz-server-side-encryption'], 'aws:kms');
        assert.equal(headers['x-amz-server-side-encryption-aws-kms-key-id'], 'alias/images');
      }
    });

    it('keeps the pieces where the object could not be made of them', async () => {
      await using proxy = await FaultyProxy.start(server.endpoint);
      await using place = await openPlace(server, { endpoint: proxy.url });
      const id = uuidv7();
      const file = await place.partialFiles.open(id, large.length, nothing);
      await file.append(large);
      const whole = await file.sync();
      await file.close(whole);
      proxy.spoil = (_, path) => (path.includes('partNumber=2') ? 'fault in body' : undefined);
      await assert.rejects(place.partialFiles.complete(id, whole), { code: 'storage-unavailable' });
      assert.equal((await place.everything()).length, whole.pieces.length);
      assert.deepEqual(await unfinishedUploads(server, place.prefix), []);
      proxy.spoil = () => undefined;
      await place.others.complete(id, whole);
      assert.deepEqual(await place.everything(), [uploadKey(id)]);
    });
  });
}

async function openPlace(server: S3Server, changed: Partial<S3Options> = {}) {
  const opened = await openS3Store(server, changed);
  const { store, prefix } = opened;
  return {
    prefix,
    objects: store,
    partialFiles: new S3PartialFiles(store.bucket, store),
    others: new S3PartialFiles(store.bucket, store),
    async everything() {
      const keys = [];
      for await (const { key } of store.list('')) keys.push(key);
      return keys;
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  } satisfies OpenPartialFiles & { prefix: string };
}
