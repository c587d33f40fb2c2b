import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { uploadKey } from '../../src/jobs/upload-store.ts';
import { leavesNothing as leavesNothingIn, postJob, refuses } from '../support/http-requests.ts';
import { form, pngOf, rawConnection } from '../support/http-service.ts';
import { suiteService } from '../support/suite-service.ts';

suite('POST /jobs with a form', () => {
  const service = suiteService();

  const post = (...request: [body: FormData | object | string, headers?: Record<string, string>]) =>
    postJob(service, ...request);

  const leavesNothing = (work: () => Promise<unknown>) => leavesNothingIn(service, work);

  test('takes an upload and stores its bytes', async () => {
    const image = pngOf(300_000);
    const { status, headers, body } = await post(form(['image', image, 'Katze ü.png']));
    assert.equal(status, 202);
    assert.equal(headers.get('location'), `/jobs/${body.id}`);
    assert.equal(body.location, `/jobs/${body.id}`);
    assert.equal(body.status, 'pending');
    assert.equal(body.code, 202);
    assert.equal(body.owner, 'local');
    assert.equal(body.source.filename, 'Katze ü.png');
    assert.equal(body.outputs[0].name, 'thumb');
    assert.equal(body.outputs[0].filename, 'thumb_Katze ü.png');
    assert.match(body.start, /^\d{4}-\d\d-\d\dT.*Z$/);
    const stored = await service.objects.read(uploadKey(body.source.upload));
    assert.ok(
      Buffer.from(await new Response(Readable.toWeb(stored) as ReadableStream).arrayBuffer()).equals(image),
    );
  });

  for (const order of ['before', 'after']) {
    test(`takes the part "job" ${order} the image`, async () => {
      const job: [string, string] = [
        'job',
        JSON.stringify({
          outputs: [{ name: 'small', size: '50x50', format: 'webp' }],
          priority: 'bulk',
          class: 'news',
          metadata: { a: [1, null] },
          notBefore: '2030-01-01T00:00:00Z',
        }),
      ];
      const image: [string, Buffer, string] = ['image', pngOf(9_000), 'a.png'];
      const { status, body } = await post(order === 'before' ? form(job, image) : form(image, job));
      assert.equal(status, 202);
      assert.equal(body.outputs[0].name, 'small');
      assert.equal(body.outputs[0].format, 'webp');
      assert.equal(body.priority, 'bulk');
      assert.equal(body.class, 'news');
      assert.deepEqual(body.metadata, { a: [1, null] });
      const kept = await service.stores.jobs.get(body.id);
      assert.equal(kept?.notBefore, Date.UTC(2030, 0, 1));
      assert.equal(body.notBefore, '2030-01-01T00:00:00.000Z');
    });
  }

  test('keeps the base name alone of what a client calls its file', async () => {
    const names: [sent: string, kept: string][] = [
      ['../../etc/passwd', 'passwd'],
      ['C:\\photos\\cat.png', 'cat.png'],
      ['', 'image'],
      ['..', 'image'],
      ['ä'.repeat(200), 'ä'.repeat(127)],
      ['a\u0085\u061c\u200e\u200f\u2028\u2029\u202egpj.exe', 'agpj.exe'],
    ];
    for (const [sent, kept] of names) {
      const { body } = await post(form(['image', pngOf(100), sent]));
      assert.equal(body.source.filename, kept);
    }
  });

  test('refuses what is no image, an empty file and a giant from the header', async () => {
    await leavesNothing(async () => {
      await refuses(post(form(['image', Buffer.from('hello world'), 'a.png'])), 415, 'not-an-image');
      await refuses(post(form(['image', Buffer.alloc(700_000, 'x'), 'a.png'])), 415, 'not-an-image');
      await refuses(post(form(['image', Buffer.alloc(0), 'a.png'])), 400, 'empty-upload');
      await refuses(post(form(['image', pngOf(1000, 20_000, 20_000), 'a.png'])), 413, 'image-too-large');
      await refuses(post(form(['image', Buffer.from('%PDF-1.7\n'), 'a.pdf'])), 415, 'unsupported-image');
    });
  });

  test('answers before it has read the rest of what it refuses', async () => {
    const socket = await rawConnection(service);
    const answer = text(socket);
    socket.write(
      'POST /jobs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n' +
        'Content-Type: multipart/form-data; boundary=b\r\n\r\n',
    );
    const start = Buffer.concat([
      Buffer.from('--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'),
      pngOf(8_000, 60_000, 60_000),
    ]);
    socket.write(`${start.length.toString(16)}\r\n`);
    socket.write(start);
    socket.write('\r\n');
    await once(socket, 'data');
    socket.end();
    assert.match(await answer, /^HTTP\/1\.1 413 .*image-too-large/s);
  });

  test('refuses parts that do not belong there', async () => {
    const image: [string, Buffer, string] = ['image', pngOf(5_000), 'a.png'];
    await leavesNothing(async () => {
      await refuses(post(form(image, image)), 400, 'invalid-request', '/image');
      await refuses(post(form(image, ['other', 'x'])), 400, 'invalid-request');
      await refuses(post(form(['job', '{}'])), 400, 'invalid-request', '/image');
      await refuses(post(form(image, ['job', '{}'], ['job', '{}'])), 400, 'invalid-request', '/job');
      const broken = await refuses(post(form(image, ['job', '{'])), 400, 'invalid-request');
      assert.match(broken, /^The part "job" is not valid JSON: /);
      await refuses(post(form(image, ['job', '{"a":1}'])), 400, 'invalid-request', '/a');
      await refuses(
        post(form(image, ['job', '{"source":{"url":"http://a/"}}'])),
        400,
        'invalid-request',
        '/source',
      );
      await refuses(post(form(image, ['job', ' '.repeat(1_050_000)])), 400, 'invalid-request', '/job');
      await refuses(
        post(form(image, ['job', '{"outputs":[{"quality":0}]}'])),
        400,
        'invalid-request',
        '/outputs/0/quality',
      );
    });
  });

  test('refuses a body that is no multipart', async () => {
    const type = { 'content-type': 'multipart/form-data; boundary=b' };
    await leavesNothing(async () => {
      await refuses(post('nonsense', type), 400, 'invalid-request');
      await refuses(post('--b\r\n\r\nx\r\n--b--', type), 400, 'invalid-request');
      await refuses(post('--b--\r\n', type), 400, 'invalid-request', '/image');
      await refuses(post('x', { 'content-type': 'multipart/form-data' }), 400, 'invalid-request');
      for (const other of ['image/png', 'text/plain', 'application/jsonx', 'nonsense']) {
        await refuses(post('{}', { 'content-type': other }), 415, 'unsupported-media-type');
      }
      for (const spelling of [
        'Application/JSON',
        'application/json; charset=utf-8',
        ' application/json ;x=y',
      ]) {
        await refuses(post('{}', { 'content-type': spelling }), 400, 'invalid-request', '/source');
      }
      await refuses(post('x', { 'content-type': 'Multipart/Form-Data; boundary=b' }), 400, 'invalid-request');
    });
  });
});
