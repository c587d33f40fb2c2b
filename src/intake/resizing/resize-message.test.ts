import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readResizeMessage } from './resize-message.ts';

const good = { image_url: 'https://images.example.org/a.jpg', redirect_queue: 'answers' };

describe('a resize message', () => {
  it('names one image or two, and whom to tell', () => {
    assert.deepEqual(
      readResizeMessage(
        JSON.stringify({
          image_url: 'https://a.example.org/1.jpg',
          itunes_image: 'https://b.example.org/2.jpg',
          bucket_name: 'podcasts/2026',
          redirect_queue: 'answers.fifo',
          postback_url: 'https://c.example.org/told',
          episode: { id: 4711 },
        }),
      ),
      {
        images: [
          { field: 'image_url', url: 'https://a.example.org/1.jpg' },
          { field: 'itunes_image', url: 'https://b.example.org/2.jpg' },
        ],
        bucketName: 'podcasts/2026',
        redirectQueue: 'answers.fifo',
        postbackUrl: 'https://c.example.org/told',
      },
    );
  });

  it('takes null and empty text for nothing', () => {
    const message = { ...good, itunes_image: null, postback_url: '', bucket_name: null };
    assert.deepEqual(readResizeMessage(JSON.stringify(message)), {
      images: [{ field: 'image_url', url: good.image_url }],
      redirectQueue: 'answers',
    });
  });

  const refusals: readonly [string, string, RegExp][] = [
    ['is no JSON', '{"image_url": ', /no JSON/],
    ['is a list', '[]', /no JSON object/],
    ['is null', 'null', /no JSON object/],
    ['names no image', JSON.stringify({ redirect_queue: 'answers' }), /no image/],
    ['names an inherited property only', '{"__proto__":{"image_url":"https://a.example.org"}}', /no image/],
    ['names nobody to tell', JSON.stringify({ image_url: good.image_url }), /nobody to tell/],
    ['has a number for an image', JSON.stringify({ ...good, itunes_image: 7 }), /itunes_image is no text/],
    ['leaves its folder', JSON.stringify({ ...good, bucket_name: '../other' }), /bucket_name/],
    ['leaves its folder later', JSON.stringify({ ...good, bucket_name: 'a/../../other' }), /bucket_name/],
    ['names the root', JSON.stringify({ ...good, bucket_name: '/etc' }), /bucket_name/],
    ['names no queue', JSON.stringify({ ...good, redirect_queue: 'https://a/b' }), /redirect_queue/],
    ['calls no web server', JSON.stringify({ ...good, postback_url: 'ftp://a.example.org' }), /postback_url/],
    [
      'calls an endless address',
      JSON.stringify({ ...good, postback_url: `https://${'a'.repeat(2_048)}.example.org` }),
      /postback_url is longer than 2048/,
    ],
    ['can’t be written again', `{"x":${'['.repeat(5_000)}${']'.repeat(5_000)}}`, /nests more than 64/],
    ['calls no address', JSON.stringify({ ...good, postback_url: 'soon' }), /postback_url/],
  ];
  for (const [what, body, reason] of refusals) {
    it(`that ${what} is refused with that reason`, () => {
      assert.throws(() => readResizeMessage(body), { code: 'invalid-request', message: reason });
    });
  }
});
