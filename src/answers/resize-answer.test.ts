import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GroupReport, ReportedPart } from '../jobs/group-report.ts';
import { resizeAnswer } from './resize-answer.ts';

describe('the answer to a resize message', () => {
  const message =
    '{"image_url":"https://a.example.org/a.png","itunes_image":"https://a.example.org/b","bucket_name":"shows",' +
    '"redirect_queue":"q","id":12345678901234567890,"price":1.10,"tags":["ä",{"n":9007199254740993}],"none":null}';
  const made: ReportedPart = {
    part: 'image_url',
    status: 'complete',
    outputs: ['50x50', '250x250', '800x800'].map(name => ({
      name,
      key: `jobs/1/1/${name}`,
      width: 1,
      height: 1,
      bytes: 1,
      contentType: 'image/jpeg',
    })),
  };
  const failure = { code: 'not-an-image', message: 'This is no image.' } as const;
  const lost: ReportedPart = { part: 'itunes_image', status: 'failed', failure, outputs: [] };
  const report: GroupReport = {
    id: 'group',
    context: {
      kind: 'resize-message',
      message,
      exportsUrl: 'http://127.0.0.1:9000',
      folder: 'images-resized/shows/',
    },
    endedAt: 0,
    parts: [made, lost],
    exports: ['50x50', '250X250', '800x800'].map(size => ({
      part: 'image_url',
      output: size.toLowerCase(),
      bucket: 'pictures',
      key: `images-resized/shows/00ff_${size}.jpeg`,
    })),
  };

  it('has every field as it came in, digit by digit', () => {
    const answer = resizeAnswer(report);
    assert.ok(answer.startsWith(message.slice(0, -1)), answer);
  });

  it('says where each size is, in the spelling of its users', () => {
    const { image_url_info: info } = JSON.parse(resizeAnswer(report));
    assert.deepEqual(Object.keys(info), ['50x50', '250X250', '800x800']);
    assert.deepEqual(info['250X250'], {
      url: 'http://127.0.0.1:9000/pictures/images-resized/shows/00ff_250X250.jpeg',
      bucket_path: 'images-resized/shows/',
    });
  });

  it('says why an image was not made', () => {
    assert.deepEqual(JSON.parse(resizeAnswer(report)).itunes_image_info, { error: failure });
  });

  it('carries the secret where it is given, and nowhere else', () => {
    assert.equal(JSON.parse(resizeAnswer(report, 'shh')).postback_secret_key, 'shh');
    assert.ok(!resizeAnswer(report).includes('postback_secret_key'));
  });

  it('is none to a group that asked for another one', () => {
    const other = { ...report, context: { kind: 'processed-image' } };
    assert.throws(() => resizeAnswer(other), { code: 'internal' });
  });
});
