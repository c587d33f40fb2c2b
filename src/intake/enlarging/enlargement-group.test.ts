import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { UserImage } from '../../answers/processed-image.ts';
import { enlargementGroup } from './enlargement-group.ts';

const image: UserImage = {
  id: 7,
  website_id: randomUUID(),
  user_id: randomUUID(),
  created_at: '2026-01-02T03:04:05Z',
  url: 'https://images.example.org/albums/a%20b/cat.jpg?size=large',
  format: 'jpeg',
  width: 640,
  height: 480,
};

const target = {
  owner: 'kafka',
  enlargement: { model: 'noise-cancel', patchSize: 50, batchSize: 10, padding: 2 },
  bucket: 'processed',
  processedTopic: 'processed-images',
  retentionMs: 1_000,
};

test('an event asks for one enlarged image under the MD5 of its URL, and for an answer', () => {
  const group = enlargementGroup('cluster:topic:3:12', image, target);
  assert.equal(group.eventKey, 'kafka:cluster:topic:3:12');
  const [job] = group.jobs;
  assert.deepEqual(job?.source, { url: image.url, filename: 'cat.jpg' });
  assert.deepEqual(job?.outputs[0]?.options, {
    upscale: { model: 'noise-cancel', patchSize: 50, batchSize: 10, padding: 2 },
  });
  assert.equal(job?.retentionMs, 1_000);
  assert.deepEqual(group.exports, [
    // By `md5sum`.
    { part: 'image', output: 'enlarged', bucket: 'processed', key: '778954c1676572b0f28e6515c52b674b' },
  ]);
  assert.deepEqual(group.targets, [{ kind: 'kafka', topic: 'processed-images' }]);
  assert.deepEqual(group.context, {
    kind: 'processed-image',
    userImage: image,
    configuration: { model_name: 'noise-cancel', by_patch_of_size: 50, batch_size: 10, padding_size: 2 },
  });
});

test('a URL that is none is refused without a job, and answered all the same', () => {
  for (const url of [
    '',
    'cat.jpg',
    'ftp://images.example.org/cat.jpg',
    `https://a.example/${'a'.repeat(9_000)}`,
  ]) {
    const group = enlargementGroup('cluster:topic:3:12', { ...image, url }, target);
    assert.deepEqual([group.jobs, group.exports], [[], []]);
    assert.equal(group.refused[0]?.failure.code, 'invalid-request');
    assert.equal(group.targets.length, 1);
  }
});
