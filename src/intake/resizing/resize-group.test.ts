import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AddressGuard } from '../../fetch/address-guard.ts';
import type { NewGroup } from '../../jobs/intake-store.ts';
import { resizeGroup } from './resize-group.ts';

const queueUrl = 'https://sqs.eu-central-1.amazonaws.com/123456789012/images.fifo';
const guard = new AddressGuard(false);
const settings = {
  owner: 'resizing',
  bucket: 'pictures',
  exportsUrl: 'https://s3.eu-central-1.amazonaws.com',
  postbackSecret: 'sealed',
  checkUrl: (url: URL) => guard.checkUrl(url),
};

function groupOf(fields: object, groupId?: string): NewGroup {
  const message = { id: 'one', body: JSON.stringify(fields), receives: 1, handle: 'handle' };
  return resizeGroup(groupId === undefined ? message : { ...message, groupId }, queueUrl, settings);
}

describe('the group of a resize message', () => {
  it('makes three sizes of each image in one job, exports all, and tells both', () => {
    const group = groupOf(
      {
        image_url: 'https://images.example.org/a.png',
        itunes_image: 'https://images.example.org/b.png',
        bucket_name: 'shows',
        redirect_queue: 'answers',
        postback_url: 'https://receiver.example.org/told',
      },
      'show-1',
    );
    assert.deepEqual(
      group.jobs.map(({ part, outputs }) => [part, outputs.map(({ name, options }) => [name, options])]),
      ['image_url', 'itunes_image'].map(part => [
        part,
        [50, 250, 800].map(side => [
          `${side}x${side}`,
          { width: side, height: side, fit: 'cover', format: 'jpeg' },
        ]),
      ]),
    );
    const [first] = group.jobs;
    const hash = first?.id.replaceAll('-', '');
    assert.match(hash ?? '', /^[0-9a-f]{32}$/);
    assert.deepEqual(
      group.exports.slice(0, 3).map(({ bucket, key }) => `${bucket}/${key}`),
      ['50x50', '250X250', '800x800'].map(size => `pictures/images-resized/shows/${hash}_${size}.jpeg`),
    );
    assert.deepEqual(group.targets, [
      { kind: 'webhook', url: 'https://receiver.example.org/told', secret: 'sealed' },
      { kind: 'sqs', queue: 'answers' },
    ]);
    assert.equal(group.orderKey, `sqs:${queueUrl}:show-1`);
    assert.equal(group.eventKey, `sqs:${queueUrl}:one`);
  });

  it('refuses an image without an address, and makes the other one', () => {
    const group = groupOf({
      image_url: 'ftp://a/b',
      itunes_image: 'https://a.example.org',
      redirect_queue: 'q',
    });
    assert.deepEqual(
      group.refused.map(({ part, failure }) => [part, failure.code]),
      [['image_url', 'invalid-request']],
    );
    assert.deepEqual(
      group.jobs.map(({ part }) => part),
      ['itunes_image'],
    );
  });

  it('is not made for a postback to a private address', () => {
    const fields = { image_url: 'https://a.example.org', postback_url: 'http://169.254.169.254/latest' };
    assert.throws(() => groupOf(fields), { code: 'address-blocked' });
  });
});
