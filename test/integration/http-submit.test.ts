import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { suite, test } from 'node:test';
import { postJob, refuses } from '../support/http-requests.ts';
import { pngOf } from '../support/http-service.ts';
import { suiteService } from '../support/suite-service.ts';

suite('POST /jobs with JSON', () => {
  const service = suiteService();

  const post = (...request: [body: FormData | object | string, headers?: Record<string, string>]) =>
    postJob(service, ...request);

  test('takes a job by URL without fetching it', async () => {
    const { status, body } = await post({
      source: { url: 'https://images.invalid/a/b%20c.jpg?x=1' },
      outputs: [{ width: 10 }, { height: 10 }],
    });
    assert.equal(status, 202);
    assert.deepEqual(body.source, { url: 'https://images.invalid/a/b%20c.jpg?x=1', filename: 'b c.jpg' });
    assert.deepEqual(
      body.outputs.map((output: { name: string }) => output.name),
      ['output1', 'output2'],
    );
  });

  test('takes objects and watermarks of this owner and shared ones, no others', async () => {
    for (const key of ['imports/local/a.png', 'shared/logo.png', 'imports/other/a.png', 'jobs/1/1/a']) {
      await service.objects.put(key, Readable.from([pngOf(100)]));
    }
    const source = { object: 'imports/local/a.png' };
    const { status, body } = await post({
      source,
      outputs: [{ watermark: { object: 'shared/logo.png' } }],
    });
    assert.equal(status, 202);
    assert.equal(body.source.object, 'imports/local/a.png');
    for (const object of [
      'imports/other/a.png',
      'jobs/1/1/a',
      'shared/none',
      'shared/../jobs/1/1/a',
      'shared/',
    ]) {
      await refuses(post({ source: { object } }), 404, 'not-found', '/source/object');
      const outputs = [{}, { watermark: { object } }];
      await refuses(post({ source, outputs }), 404, 'not-found', '/outputs/1/watermark/object');
    }
  });

  test('names the field at fault and what is accepted there', async () => {
    const source = { url: 'http://images.invalid/a.jpg' };
    const bad: [body: object, pointer: string, says: RegExp][] = [
      [{}, '/source', /missing/],
      [{ source: {} }, '/source', /url.*object/],
      [{ source: { url: 'a', object: 'b' } }, '/source', /url.*object/],
      [{ source: { url: 'ftp://a/b' } }, '/source/url', /http/],
      [{ source: { url: 'http://' } }, '/source/url', /http/],
      [{ source, hooks: [] }, '/hooks', /outputs, priority/],
      [{ source, priority: 'urgent' }, '/priority', /interactive, normal, bulk/],
      [{ source, class: 'x'.repeat(65) }, '/class', /64/],
      [{ source, class: 'a\u0000b' }, '/class', /control characters/],
      [{ source, class: '\ud83d' }, '/class', /control characters/],
      [{ source, notBefore: 'soon' }, '/notBefore', /ISO 8601/],
      [{ source, metadata: [] }, '/metadata', /object/],
      [{ source, notBefore: '2016-12-31T23:59:60Z' }, '/notBefore', /leap second/],
      [{ source, metadata: { a: 'x'.repeat(16_384) } }, '/metadata', /16384/],
      [{ source, outputs: [] }, '/outputs', /1/],
      [{ source, outputs: [{ fit: 'squeeze' }] }, '/outputs/0/fit', /cover, contain/],
      [{ source, outputs: [{ quality: '80' }] }, '/outputs/0/quality', /integer/],
      [{ source, outputs: [{ 'a/b~c': 1 }] }, '/outputs/0/a~1b~0c', /quality/],
      [{ source, outputs: [{ name: 'a' }, { name: 'a' }] }, '/outputs/1/name', /own/],
      [{ source, outputs: [{ name: 'Web' }] }, '/outputs/0/name', /1 to 64 of a-z, 0-9, _ and -/],
    ];
    for (const [body, pointer, says] of bad) {
      assert.match(await refuses(post(body), 400, 'invalid-request', pointer), says);
    }
    await refuses(post({ source: { upload: 'x' } }), 404, 'not-found', '/source/upload');
    const broken = await refuses(post('{"source":\n {"url":"http://a\n/"}}'), 400, 'invalid-request');
    assert.match(broken, /^The body is not valid JSON: a line break .* at line 2 column 18\.$/);
    await refuses(post('{'), 400, 'invalid-request');
    await refuses(post(`{"source":{"url":"${'x'.repeat(1_100_000)}"}}`), 413, 'upload-too-large');
    await refuses(post(''), 400, 'invalid-request');
    await refuses(post('null'), 400, 'invalid-request');
    await refuses(post('{"__proto__":{"source":1}}'), 400, 'invalid-request');
    const nested = `{"a":${'['.repeat(7000)}${']'.repeat(7000)}}`;
    const deep = `{"source":{"url":"http://images.invalid/a.jpg"},"metadata":${nested}}`;
    assert.match(await refuses(post(deep), 400, 'invalid-request', '/metadata'), /64 levels/);
    const nothing = await fetch(`${service.url}/jobs`, { method: 'POST' });
    assert.equal(nothing.status, 400);
  });

  test('takes names such as __proto__ as names: unknown ones in a job, the caller’s own in metadata', async () => {
    const source = '"source":{"url":"http://images.invalid/a.jpg"}';
    await refuses(post(`{${source},"__proto__":{"priority":"bulk"}}`), 400, 'invalid-request', '/__proto__');
    const metadata = '{"__proto__":{"priority":"bulk"},"constructor":{"prototype":1}}';
    const { status, body } = await post(`{${source},"metadata":${metadata}}`);
    assert.equal(status, 202);
    assert.equal(JSON.stringify(body.metadata), metadata);
    assert.equal(body.priority, 'normal');
  });
});
