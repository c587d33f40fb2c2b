import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, suite, test } from 'node:test';
import { uploadKey } from '../../src/jobs/upload-store.ts';
import { form, type HttpService, pngOf, rawConnection, startHttpService } from '../support/http-service.ts';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: the tests say what must be in it
  readonly body: any;
}

suite('POST /jobs', () => {
  let service: HttpService;

  before(async () => {
    service = await startHttpService();
  });
  after(() => service.stop());

  const post = async (
    body: FormData | object | string,
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const isForm = body instanceof FormData;
    const answer = await fetch(`${service.url}/jobs`, {
      method: 'POST',
      headers: isForm ? headers : { 'content-type': 'application/json', ...headers },
      body: isForm || typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: answer.status, headers: answer.headers, body: await answer.json() };
  };

  const rows = async () => (await service.stores.uploads.abandoned(-60_000, 1000)).length;

  const refuses = async (
    request: Promise<Answer>,
    status: number,
    code: string,
    pointer?: string,
  ): Promise<string> => {
    const answer = await request;
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/);
    assert.equal(answer.body.code, code);
    assert.equal(answer.body.status, status);
    if (pointer !== undefined) assert.equal(answer.body.pointer, pointer);
    return answer.body.detail;
  };

  /** Whatever was refused left nothing behind. */
  const leavesNothing = async (work: () => Promise<unknown>) => {
    const [filesBefore, rowsBefore] = [(await service.files()).length, await rows()];
    await work();
    assert.equal((await service.files()).length, filesBefore);
    assert.equal(await rows(), rowsBefore);
  };

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
    });
  }

  test('keeps the base name alone of what a client calls its file', async () => {
    const names: [sent: string, kept: string][] = [
      ['../../etc/passwd', 'passwd'],
      ['C:\\photos\\cat.png', 'cat.png'],
      ['', 'image'],
      ['..', 'image'],
      ['ä'.repeat(200), 'ä'.repeat(127)],
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
      await refuses(post(form(image, ['job', '{'])), 400, 'invalid-request');
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

  test('refuses a file over the limit, announced or not, and reads little more than the limit', async () => {
    await leavesNothing(async () => {
      await refuses(post(form(['image', pngOf(1_048_577), 'a.png'])), 413, 'upload-too-large');
      await refuses(post(form(['image', pngOf(3_000_000), 'a.png'])), 413, 'upload-too-large');
      let socket: Socket | undefined;
      let readBefore = 0;
      const remember = (message: unknown) => {
        socket = (message as { socket: Socket }).socket;
        readBefore = socket.bytesRead;
      };
      subscribe('http.server.request.start', remember);
      const answer = await fetch(`${service.url}/jobs`, {
        method: 'POST',
        headers: { 'content-type': 'multipart/form-data; boundary=b' },
        body: Readable.from(endlessImage(), { objectMode: false }) as unknown as ReadableStream,
        duplex: 'half',
      } as RequestInit);
      assert.equal(answer.status, 413);
      assert.equal(((await answer.json()) as { code: string }).code, 'upload-too-large');
      unsubscribe('http.server.request.start', remember);
      const over = (socket?.bytesRead ?? 0) - readBefore - 1_048_576;
      // We take at most one chunk of 64 KiB too many; Node has by then read one ahead.
      assert.ok(over > 0 && over <= 2 * 65_536 + 1024, `${over} bytes too many`);
    });
  });

  test('takes a file of exactly the limit', async () => {
    const { status } = await post(form(['image', pngOf(1_048_576), 'a.png']));
    assert.equal(status, 202);
  });

  test('keeps the connection usable after a refusal that was read to its end', async () => {
    const socket = await rawConnection(service);
    const body = Buffer.concat([
      Buffer.from('--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'),
      Buffer.alloc(900_000, 'x'),
      Buffer.from('\r\n--b--\r\n'),
    ]);
    const head =
      'POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n' +
      `Content-Length: ${body.length}\r\n\r\n`;
    const answers = text(socket);
    for (let request = 0; request < 3; request++) {
      socket.write(head);
      socket.write(body);
    }
    socket.write('GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    const all = await answers;
    assert.equal(all.match(/HTTP\/1\.1 415/g)?.length, 3);
    assert.equal(all.match(/HTTP\/1\.1 200/g)?.length, 1);
  });

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
      [{ source: { upload: 'x' } }, '/source/upload', /url, object/],
      [{ source, webhooks: [] }, '/webhooks', /outputs, priority/],
      [{ source, priority: 'urgent' }, '/priority', /interactive, normal, bulk/],
      [{ source, class: 'x'.repeat(65) }, '/class', /64/],
      [{ source, notBefore: 'soon' }, '/notBefore', /ISO 8601/],
      [{ source, metadata: [] }, '/metadata', /object/],
      [{ source, notBefore: '2016-12-31T23:59:60Z' }, '/notBefore', /leap second/],
      [{ source, metadata: { a: 'x'.repeat(16_384) } }, '/metadata', /16384/],
      [{ source, outputs: [] }, '/outputs', /1/],
      [{ source, outputs: [{ fit: 'squeeze' }] }, '/outputs/0/fit', /cover, contain/],
      [{ source, outputs: [{ quality: '80' }] }, '/outputs/0/quality', /integer/],
      [{ source, outputs: [{ 'a/b~c': 1 }] }, '/outputs/0/a~1b~0c', /quality/],
      [{ source, outputs: [{ name: 'a' }, { name: 'a' }] }, '/outputs/1/name', /own/],
    ];
    for (const [body, pointer, says] of bad) {
      assert.match(await refuses(post(body), 400, 'invalid-request', pointer), says);
    }
    await refuses(post('{'), 400, 'invalid-request');
    await refuses(post(`{"source":{"url":"${'x'.repeat(1_100_000)}"}}`), 413, 'upload-too-large');
    await refuses(post(''), 400, 'invalid-request');
    await refuses(post('null'), 400, 'invalid-request');
    await refuses(post('{"__proto__":{"source":1}}'), 400, 'invalid-request');
    const deep = `{"source":{"url":"http://images.invalid/a.jpg"},"metadata":{"a":${'['.repeat(7000)}${']'.repeat(7000)}}}`;
    assert.match(await refuses(post(deep), 400, 'invalid-request', '/metadata'), /64 levels/);
    await refuses(
      post(form(['image', pngOf(100), 'a.png'], ['job', deep.replace(/"source".*?},/, '')])),
      400,
      'invalid-request',
      '/metadata',
    );
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

  test('leaves nothing of 200 uploads that are cut off anywhere', async () => {
    const openFiles = async () => (await readdir('/proc/self/fd').catch(() => [])).length;
    const body = Buffer.concat([
      Buffer.from('--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'),
      pngOf(400_000),
      Buffer.from('\r\n--b--\r\n'),
    ]);
    const head = `POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: ${body.length}\r\n\r\n`;
    const request = Buffer.concat([Buffer.from(head), body]);
    await service.stores.uploads.create({ id: 'counted', owner: 'local', filename: 'a' });
    assert.equal(await rows(), 1);
    await service.stores.uploads.forget(['counted']);
    const jobs = async () => (await service.stores.jobs.list({}, { limit: 200 })).jobs.length;
    const filesBefore = (await service.files()).length;
    const [openBefore, jobsBefore] = [await openFiles(), await jobs()];
    for (let cut = 0; cut < 200; cut++) {
      const socket = await rawConnection(service);
      // Spread over the whole request, as a random choice would be, but the same in every run.
      const length = 1 + ((cut * 7919 * 31) % (request.length - 1));
      socket.write(request.subarray(0, length), () => socket.resetAndDestroy());
      await once(socket, 'close');
    }
    await until(async () => (await rows()) === 0 && (await service.files()).length === filesBefore);
    assert.equal(await jobs(), jobsBefore);
    await until(async () => (await openFiles()) <= openBefore + 2);
  });

  test('streams an upload: memory does not grow with the file', async t => {
    const roomy = await startHttpService({ maxUploadBytes: 67_108_864 });
    t.after(() => roomy.stop());
    const readKilobytes = async () =>
      Number(/^VmRSS:\s+(\d+)/m.exec(await readFile('/proc/self/status', 'utf8').catch(() => ''))?.[1] ?? 0);
    const upload = async () => {
      const answer = await fetch(`${roomy.url}/jobs`, {
        method: 'POST',
        headers: { 'content-type': 'multipart/form-data; boundary=b' },
        body: Readable.from(endlessImage(60 * 2 ** 20), {
          objectMode: false,
        }) as unknown as ReadableStream,
        duplex: 'half',
      } as RequestInit);
      assert.equal(answer.status, 202);
      const { source } = (await answer.json()) as { source: { upload: string } };
      assert.equal(await roomy.objects.size(uploadKey(source.upload)), 60 * 2 ** 20);
    };
    // The first one brings the collector's own slack up to what it takes.
    await upload();
    const before = await readKilobytes();
    let peak = 0;
    const watch = setInterval(async () => {
      peak = Math.max(peak, await readKilobytes());
    }, 10);
    await upload();
    clearInterval(watch);
    assert.ok(peak - before < 40_000, `grew by ${peak - before} KiB`);
  });
});

/** A multipart body whose image has this many bytes. */
function* endlessImage(total = Number.POSITIVE_INFINITY): Generator<Buffer> {
  yield Buffer.from('--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n');
  const first = pngOf(65_536);
  // One chunk over and over: the client runs in this process and must not grow either.
  const rest = Buffer.alloc(65_536, 7);
  for (let left = total; left > 0; left -= 65_536) {
    yield left === total ? first : rest;
  }
  yield Buffer.from('\r\n--b--\r\n');
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (await condition()) return;
    await new Promise(resolve => setTimeout(resolve, 10));
  }
  assert.fail('It did not come to that in 5 s.');
}
