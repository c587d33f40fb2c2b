import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { it } from 'node:test';
import type { ExportStore } from '../../src/jobs/export-store.ts';
import type { ObjectStore } from '../../src/jobs/object-store.ts';

export interface OpenExports extends AsyncDisposable {
  readonly objects: ObjectStore;
  readonly exports: ExportStore;
  /** A bucket that is there, or will be. */
  readonly bucket: string;
  /** What is in a bucket; undefined where there is nothing. */
  read(
    bucket: string,
    key: string,
  ): Promise<{ content: string; contentType: string | undefined } | undefined>;
}

const { signal } = new AbortController();

/** What every store of exports must do. */
export function exportStoreContract(open: () => Promise<OpenExports>): void {
  it('copies an object to the bucket and key that were chosen', async () => {
    await using opened = await open();
    const { objects, exports, bucket } = opened;
    await objects.put('jobs/1/1/a', Readable.from([Buffer.from('pixels')]));
    const key = `images resized/${randomUUID()}/ü+%25.jpeg`;
    const to = { bucket, key, contentType: 'image/jpeg' };
    for (const _ of ['once', 'again']) await exports.copy('jobs/1/1/a', to, signal);
    const copy = await opened.read(bucket, key);
    assert.equal(copy?.content, 'pixels');
    assert.ok(copy.contentType === undefined || copy.contentType === 'image/jpeg');
    await objects.delete(['jobs/1/1/a']);
    assert.equal((await opened.read(bucket, key))?.content, 'pixels');
  });

  it('copies over what is there, whole', async () => {
    await using opened = await open();
    const { objects, exports, bucket } = opened;
    const [long, short] = ['long'.repeat(500_000), 'short'];
    await objects.put('a', Readable.from([Buffer.from(long)]));
    await objects.put('b', Readable.from([Buffer.from(short)]));
    const to = { bucket, key: randomUUID(), contentType: 'image/png' };
    await exports.copy('a', to, signal);
    assert.equal((await opened.read(bucket, to.key))?.content, long);
    await Promise.all(['a', 'b', 'a', 'b'].map(key => exports.copy(key, to, signal)));
    assert.ok([long, short].includes((await opened.read(bucket, to.key))?.content ?? ''));
  });

  it('throws not-found when the object is gone, and leaves nothing', async () => {
    await using opened = await open();
    const to = { bucket: opened.bucket, key: randomUUID(), contentType: 'image/png' };
    await assert.rejects(opened.exports.copy('jobs/1/1/none', to, signal), { code: 'not-found' });
    assert.equal(await opened.read(opened.bucket, to.key), undefined);
  });

  it('refuses what is no place for a copy', async () => {
    await using opened = await open();
    const { objects, exports, bucket } = opened;
    await objects.put('a', Readable.from([Buffer.from('pixels')]));
    for (const place of [
      { bucket, key: '' },
      { bucket, key: '../a' },
      { bucket, key: 'a/../../b' },
      { bucket, key: 'k'.repeat(1_025) },
      { bucket: '..', key: 'a' },
      { bucket: '', key: 'a' },
      { bucket: 'a/b', key: 'a' },
    ]) {
      const copying = exports.copy('a', { ...place, contentType: 'image/png' }, signal);
      await assert.rejects(copying, { code: 'invalid-request' }, JSON.stringify(place).slice(0, 50));
    }
  });

  it('stops at an abort', async () => {
    await using opened = await open();
    await opened.objects.put('a', Readable.from([Buffer.from('pixels')]));
    const to = { bucket: opened.bucket, key: randomUUID(), contentType: 'image/png' };
    const reason = new Error('enough');
    await assert.rejects(opened.exports.copy('a', to, AbortSignal.abort(reason)), reason);
  });
}
