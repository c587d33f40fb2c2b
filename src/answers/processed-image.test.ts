import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GroupReport, ReportedPart } from '../jobs/group-report.ts';
import { processedImage } from './processed-image.ts';

const userImage = {
  id: 7,
  website_id: '0e1b6a2e-54a3-4a3c-9d0a-2f6d9d1f0a11',
  user_id: '2c2d6c36-9c11-4e0a-8b0c-6a2f7e1f5b22',
  created_at: '2030-01-01 00:00:00',
  url: 'https://example.org/cat.jpg',
  format: 'jpg',
  width: 100,
  height: 80,
};
const configuration = { model_name: 'psnr-small', by_patch_of_size: 50, batch_size: 10, padding_size: 5 };

function report(part: Partial<ReportedPart>): GroupReport {
  return {
    id: 'g',
    context: { kind: 'processed-image', userImage, configuration },
    endedAt: Date.parse('2030-01-01T00:00:10Z'),
    parts: [{ part: 'image', status: 'complete', outputs: [], ...part }],
    exports: [{ part: 'image', output: 'image', bucket: 'processed', key: 'ab12' }],
  };
}

test('tells where the new image is, and how it was made', () => {
  assert.deepEqual(processedImage(report({ startedAt: 1_000, endedAt: 3_500 })), {
    original_url: userImage.url,
    bucket: 'processed',
    object_key: 'ab12',
    created_at: '2030-01-01T00:00:10.000Z',
    success: true,
    processing_time_in_ms: 2_500,
    processing_configuration: configuration,
    user_image: userImage,
  });
});

test('tells as well of an image that could not be made', () => {
  const never = processedImage(report({ status: 'failed', endedAt: 3_500 }));
  assert.deepEqual(
    [never.success, never.bucket, never.object_key, never.processing_time_in_ms],
    [false, '', '', 0],
  );
  const long = processedImage(report({ status: 'cancelled', startedAt: 1, endedAt: 1e13 }));
  assert.deepEqual([long.success, long.processing_time_in_ms], [false, 2 ** 31 - 1]);
});
