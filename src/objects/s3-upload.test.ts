import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { after, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { FaultyProxy, type ProxyFault } from '../../test/support/faulty-proxy.ts';
import { openS3Store, s3Servers, unfinishedUploads } from '../../test/support/s3-stores.ts';
import type { S3Server } from '../../test/support/servers/s3-server.ts';
import { partBytes } from './parts.ts';

const large = randomBytes(2 * partBytes + 70_000);
const unavailable = { code: 'storage-unavailable' };

for (const { name, server } of await s3Servers()) {
  describe(`uploads to ${name}`, () => {
    after(() => server[Symbol.asyncDispose]());

    it('keeps objects of every size around a part’s', async () => {
      await using opened = await openS3Store(server);
      const { store, prefix } = opened;
      for (const bytes of [partBytes - 1, partBytes, partBytes + 1, 2 * partBytes, large.length]) {
        const content = large.subarray(0, bytes);
        assert.deepEqual(await store.put('a', pieces(content)), { bytes });
        assert.equal(await store.size('a'), bytes);
        assert.equal(await hashOf(await store.read('a')), hash(content));
      }
      assert.deepEqual(await unfinishedUploads(server, prefix), []);
    });

    it('throws what the body throws in the middle of the parts, and keeps nothing', async () => {
      await using opened = await openS3Store(server);
      const fault = new Error('the client went away');
      const body = Readable.from(
        (async function* () {
          yield large;
          throw fault;
        })(),
      );
      await assert.rejects(opened.store.put('a', body), fault);
      assert.equal(await opened.store.size('a'), undefined);
      assert.deepEqual(await unfinishedUploads(server, opened.prefix), []);
    });

    it('is not done while a part is refused, and keeps nothing', async () => {
      await using spoilt = await openSpoilt(server, (_, path) =>
        path.includes('partNumber=2') ? 'busy' : undefined,
      );
      await assert.rejects(spoilt.store.put('a', pieces(large)), unavailable);
      assert.equal(await spoilt.store.size('a'), undefined);
      assert.deepEqual(await unfinishedUploads(server, spoilt.prefix), []);
    });

    it('ends a body that is still coming once a part is refused', async () => {
      await using spoilt = await openSpoilt(server, (_, path) =>
        path.includes('partNumber=1') ? 'busy' : undefined,
      );
      const endless = new Readable({ read() {} });
      endless.push(large.subarray(0, partBytes + 1));
      await assert.rejects(spoilt.store.put('a', endless), unavailable);
      assert.ok(endless.destroyed);
    });

    it('takes a fault that comes with status 200 for a fault', async () => {
      await using spoilt = await openSpoilt(server, (method, path) =>
        method === 'POST' && path.includes('uploadId=') ? 'fault in body' : undefined,
      );
      await assert.rejects(spoilt.store.put('a', pieces(large)), unavailable);
      assert.equal(await spoilt.store.size('a'), undefined);
      assert.deepEqual(await unfinishedUploads(server, spoilt.prefix), []);
    });

    it('is done when the answer to its last request is lost and the request was done', async () => {
      let lost = 0;
      await using spoilt = await openSpoilt(server, (method, path) =>
        method === 'POST' && path.includes('uploadId=') && lost++ === 0 ? 'answer lost' : undefined,
      );
      assert.deepEqual(await spoilt.store.put('a', pieces(large)), { bytes: large.length });
      assert.equal(await hashOf(await spoilt.store.read('a')), hash(large));
    });

    it('tries again what the store did not answer', async () => {
      const faults: (ProxyFault | undefined)[] = ['busy', 'silent', undefined, 'answer lost'];
      await using spoilt = await openSpoilt(server, () => faults.shift());
      await spoilt.store.put('a', Readable.from([Buffer.from('one')]));
      await spoilt.store.put('a', Readable.from([Buffer.from('two')]));
      assert.equal(await spoilt.store.size('a'), 3);
      assert.equal(faults.length, 0);
    });

    it('fails a reader whose bytes stop coming, and no reader who takes his time', async () => {
      await using spoilt = await openSpoilt(server, (method, path) =>
        method === 'GET' && path.includes('/stalls') ? 'stalled' : undefined,
      );
      const { store } = spoilt;
      await store.put('stalls', pieces(large));
      await store.put('a', pieces(large));
      await assert.rejects(hashOf(await store.read('stalls')), unavailable);
      await assert.rejects(store.localFile('stalls', new AbortController().signal), unavailable);
      const sum = createHash('sha256');
      let isFirst = true;
      for await (const chunk of await store.read('a')) {
        sum.update(chunk);
        if (isFirst) await setTimeout(3 * idleMs);
        isFirst = false;
      }
      assert.equal(sum.digest('hex'), hash(large));
    });
  });
}

const idleMs = 700;

/** A store behind a proxy. */
async function openSpoilt(server: S3Server, spoil: FaultyProxy['spoil']) {
  const proxy = await FaultyProxy.start(server.endpoint);
  proxy.spoil = spoil;
  const opened = await openS3Store(server, { endpoint: proxy.url, idleMs });
  return {
    ...opened,
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

/** In pieces that fit no part. */
function pieces(content: Buffer): Readable {
  const size = 65_521;
  const count = Math.ceil(content.length / size);
  return Readable.from(Array.from({ length: count }, (_, i) => content.subarray(i * size, (i + 1) * size)));
}

function hash(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

async function hashOf(body: Readable): Promise<string> {
  const sum = createHash('sha256');
  for await (const chunk of body) sum.update(chunk);
  return sum.digest('hex');
}
