import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { after, before, suite, test } from 'node:test';
import { assertProblem } from '../support/answers.ts';
import { form } from '../support/http-service.ts';
import { photo } from '../support/photo.ts';
import { Service } from '../support/service.ts';

suite('A service that listens to anybody', () => {
  let service: Service;
  let port: number;

  before(async () => {
    service = await Service.start();
    port = Number(new URL(service.url).port);
  });
  after(() => service[Symbol.asyncDispose]());

  /** Whatever came before: the service lives, has nothing in its scratch folder, and makes a thumbnail. */
  const isWell = async () => {
    assert.equal(service.process.exitCode, null);
    assert.deepEqual(await readdir(`${service.folder}/objects/.scratch`).catch(() => []), []);
    const image = await photo(600, 400).jpeg().toBuffer();
    const answer = await fetch(`${service.url}/jobs`, {
      method: 'POST',
      body: form(['image', image, 'a.jpg']),
    });
    const { id } = (await answer.json()) as { id: string };
    const events = await (await fetch(`${service.url}/jobs/${id}/events`)).text();
    assert.match(events, /"status":"complete"/);
  };

  /** What comes back on a connection, until the server closes it. */
  const answerTo = (request: string): Promise<string> =>
    new Promise((resolve, reject) => {
      let answer = '';
      const socket = connect(port, '127.0.0.1', () => socket.write(request, 'latin1'));
      socket.setEncoding('latin1').on('data', text => {
        answer += text;
      });
      socket.setTimeout(10_000, () =>
        socket.destroy(new Error(`no end of the answer to ${request}: ${answer}`)),
      );
      socket.on('error', reject).on('close', () => resolve(answer));
    });

  const host = () => `Host: 127.0.0.1:${port}\r\n`;
  const json = () => `POST /jobs HTTP/1.1\r\n${host()}Content-Type: application/json\r\n`;
  const get = (path: string, headers = '') =>
    `GET ${path} HTTP/1.1\r\n${host()}${headers}Connection: close\r\n\r\n`;

  test('answers one request once, whatever its framing hides', async () => {
    const hidden = `0\r\n\r\nGET /ping HTTP/1.1\r\n${host()}\r\n`;
    const framings = [
      `Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n${hidden}`,
      `Transfer-Encoding: xchunked\r\n\r\n${hidden}`,
      `Transfer-Encoding: chunked, identity\r\n\r\n${hidden}`,
      'Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x',
      'Content-Length: -1\r\n\r\n{}',
      'Content-Length: 2, 2\r\n\r\n{}',
      'Content-Length: 0x2\r\n\r\n{}',
      'Content-Length : 2\r\n\r\n{}',
      'Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}',
      'X: a\r\n b\r\nContent-Length\r\n : 2\r\n\r\n{}',
      'X: \0\r\nContent-Length: 2\r\n\r\n{}',
      'X: a\rContent-Length: 2\r\n\r\n{}',
      'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n',
      'Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n',
      'Host: 127.0.0.1\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}',
      'Content-Length: +2\r\n\r\n{}',
      'Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n',
      'Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n',
      `Transfer-Encoding: chunked\r\n\r\n2;${'a'.repeat(30_000)}\r\n{}\r\n0\r\n\r\n`,
    ];
    for (const framing of framings) {
      const answer = await answerTo(json() + framing);
      assert.equal(answer.match(/HTTP\/1\.1 \d/g)?.length, 1, answer);
      assertRefused(answer, framing);
    }
    await isWell();
  });

  test('refuses what is no address, method, range, cursor or header of ours with a problem', async () => {
    const requests = [
      ...['TRACE', 'OPTIONS', 'PUT', 'PROPFIND', 'DELETE'].map(
        method => `${method} /jobs HTTP/1.1\r\n${host()}Connection: close\r\n\r\n`,
      ),
      ...['NONSENSE', 'get', '\x16\x03\x01\x02'].map(start => `${start} / HTTP/1.1\r\n${host()}\r\n`),
      ...[
        '/../../etc/passwd',
        '/..%2f..%2fetc%2fpasswd',
        '/..%5c..%5cwin.ini',
        '/%2e%2e/%2e%2e/tintype.db',
        '/%00',
        '/%ff',
        `/${'a'.repeat(1500)}`,
        '/__proto__',
      ].flatMap(id => [
        get(`/jobs${id}`),
        get(`/jobs${id}/events`),
        get(`/jobs${id}/outputs/thumb`),
        get(`/thumbnails/thumb_${id}`),
        get(`/docs/static${id}`),
      ]),
      ...[
        'limit=1e2',
        'limit=1&limit=2',
        'from=2016-12-31T23:59:60Z',
        '__proto__=x',
        'cursor=MS4x',
        'class[]=x',
      ].map(query => get(`/jobs?${query}`)),
      ...['-1', '1e3', '9999999999999999', '1 OR 1=1'].map(id => get('/events', `Last-Event-ID: ${id}\r\n`)),
      ...['evil.example', '127.0.0.1.evil.example', '127.1', ''].map(
        name => `GET /jobs HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`,
      ),
      ...['Origin: null', 'Origin: http://evil.example', 'Sec-Fetch-Site: same-site'].map(header =>
        get('/jobs', `${header}\r\n`),
      ),
      get('/ping', `X: ${'a'.repeat(20_000)}\r\n`),
      get('/ping', 'X: 1\r\n'.repeat(5_000)),
      get(`/${'a'.repeat(20_000)}`),
      get('/jobs?\x00'),
      'GET http://evil.example/jobs HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
    ];
    for (const request of requests) assertRefused(await answerTo(request), request.slice(0, 100));
    await isWell();
  });

  test('refuses JSON that is a bomb, says two things, or reaches for what is not its own', async () => {
    const source = '"source":{"url":"http://images.invalid/a"}';
    const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    const objects = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
    const bodies = [
      deep(100_000),
      objects(100_000),
      `{${source},"metadata":{"a":${deep(50_000)}}}`,
      `{${source},"outputs":${deep(50_000)}}`,
      `{${source},"outputs":[${'{},'.repeat(20)}{}]}`,
      `{${source},"outputs":[{"width":1e999}]}`,
      `{${source},"outputs":[{"width":${'9'.repeat(100_000)}}]}`,
      `{${source},"outputs":[{"quality":-0.0000000000000000000000000000001}]}`,
      `{${source},"__proto__":{"priority":"bulk"}}`,
      `{${source},"constructor":{"prototype":{"a":1}}}`,
      `{${source},"outputs":[{"__proto__":{"width":1}}]}`,
      `{"source":{"url":"http://images.invalid/a","__proto__":{"object":"jobs/1"}}}`,
      `{"source":{"url":"http://images.invalid/a"},"source":{"object":"jobs/1/1/thumb"}}`,
      `{"source":{"object":"imports/local/../other/a.png"}}`,
      `{"source":{"object":"imports/local/..%2fother/a.png"}}`,
      `{"source":{"object":"imports/local/\\u0000"}}`,
      `{"source":{"object":"imports/local\\\\..\\\\other\\\\a.png"}}`,
      `{"source":{"object":"/etc/passwd"}}`,
      `{${source},"outputs":[{"watermark":{"object":"shared/../jobs/1/1/thumb"}}]}`,
      `{${source},"outputs":[{"filename":"a\\r\\nSet-Cookie: a=1"}]}`,
      `{${source},"outputs":[{"filename":"../../a"}]}`,
      `{${source},"outputs":[{"filename":"a.jpg\\u202egpj.exe"}]}`,
      `{${source},"outputs":[{"name":"../thumb"}]}`,
      `{${source},"class":"${'a'.repeat(65)}"}`,
      `{${source},"notBefore":"${'9'.repeat(10_000)}"}`,
      `\ufeff{${source}}x`,
      '{"source":{"url":"http://images.invalid/a',
      ' '.repeat(2_000_000),
    ];
    for (const body of bodies) {
      const answer = await fetch(`${service.url}/jobs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      const type = answer.headers.get('content-type') ?? '';
      assertProblem(answer.status, type, await answer.text(), body.slice(0, 100));
    }
    await isWell();
  });

  test('refuses multipart bodies that are no forms, and stores nothing of them', async () => {
    const uploads = () => readdir(`${service.folder}/objects/uploads`).catch(() => []);
    const before = await uploads();
    const disposition = '--b\r\nContent-Disposition: form-data';
    const bodies = [
      '',
      '--b--\r\n',
      `${disposition}; name="image"; filename="a"\r\n\r\nhello\r\n--b--\r\n`,
      `${disposition}; name="image"; filename="a"\r\n\r\n\r\n--b--\r\n`,
      `${disposition}; name="image"; filename="a"\r\n\r\n${' '.repeat(70_000)}\r\n--b--\r\n`,
      `${disposition}; name="image"; filename="a"\r\n\r\n<!DOCTYPE ${'['.repeat(70_000)}\r\n--b--\r\n`,
      `${disposition}; name="__proto__"\r\n\r\nx\r\n--b--\r\n`,
      `${disposition}; name="job"\r\n\r\n{}\r\n${disposition}; name="job"\r\n\r\n{}\r\n--b--\r\n`,
      `${disposition}${';a="\\'.repeat(3900)}\r\n\r\nx\r\n--b--\r\n`,
      `${disposition}; name="image"${';x'.repeat(40_000)}`,
      'p'.repeat(200_000),
    ];
    for (const body of bodies) {
      const headers = `Content-Type: multipart/form-data; boundary=b\r\nContent-Length: ${body.length}\r\n`;
      const request = `POST /jobs HTTP/1.1\r\n${host()}${headers}Connection: close\r\n\r\n${body}`;
      assertRefused(await answerTo(request), body.slice(0, 100));
    }
    assert.deepEqual(await uploads(), before);
    await isWell();
  });
});

function assertRefused(answer: string, what: string): void {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]);
  assertProblem(status, /^content-type: (.*)$/im.exec(head)?.[1] ?? '', body, `${what}: ${head}`);
}
