import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { assertProblem } from '../support/answers.ts';
import { ask, submitJob } from '../support/http-requests.ts';
import { rawConnection } from '../support/http-service.ts';
import { suiteService } from '../support/suite-service.ts';

suite('Answers in a browser', () => {
  const service = suiteService();

  const finished = async (filename = 'thumb_a.jpg') => {
    const job = await submitJob(service, { outputs: [{ name: 'thumb', filename }] });
    await service.complete(await service.claim());
    return job.id as string;
  };

  test('are harmless, whatever was asked for', async () => {
    const id = await finished();
    const requests: [method: string, path: string, status: number][] = [
      ['GET', `/jobs/${id}/outputs/thumb`, 200],
      ['HEAD', `/jobs/${id}/outputs/thumb`, 200],
      ['GET', '/thumbnails/thumb_a.jpg', 200],
      ['GET', `/jobs/${id}`, 200],
      ['GET', '/jobs', 200],
      ['GET', `/jobs/${id}/events`, 200],
      ['GET', '/jobs?limit=x', 400],
      ['GET', '/nothing', 404],
      ['GET', '/jobs/%', 400],
      ['PUT', '/jobs', 405],
      ['POST', '/jobs', 400],
      ['GET', '/health/live', 200],
      ['GET', '/ping', 200],
      ['GET', '/metrics', 200],
      ['GET', '/openapi.json', 200],
      ['GET', '/', 302],
    ];
    for (const [method, path, status] of requests) {
      const answer = await ask(service, method, path);
      assert.equal(answer.status, status, `${method} ${path}`);
      assertHarmless(answer.headers, `${method} ${path}`);
      assert.match(answer.headers.get('content-security-policy') ?? '', /sandbox$/, path);
    }
    // Its pages run their own scripts, and no others.
    for (const path of ['/docs', '/docs/', '/docs/static/swagger-ui.css', '/docs/json']) {
      const { headers } = await ask(service, 'GET', path);
      assertHarmless(headers, path);
      assert.doesNotMatch(
        headers.get('content-security-policy') ?? '',
        /script-src[^;]*(unsafe|https:|\*)/,
        path,
      );
    }
  });

  test('are harmless problems also to what Node would refuse by itself', async () => {
    const close = 'Connection: close\r\n\r\n';
    for (const [request, status] of [
      ['NONSENSE / HTTP/1.1\r\n\r\n', 400],
      [`GET /ping HTTP/1.1\r\n${close}`, 400],
      [`GET /ping HTTP/1.1\r\nHost: localhost\r\nExpect: 200-foo\r\n${close}`, 417],
      [`POST /jobs HTTP/1.1\r\nHost: localhost\r\nExpect: 200-foo\r\nContent-Length: 2\r\n${close}{}`, 417],
    ] as const) {
      const socket = await rawConnection(service);
      socket.write(request);
      const answer = await text(socket);
      const [head = '', body = ''] = answer.split('\r\n\r\n');
      const headers = new Headers();
      for (const line of head.split('\r\n').slice(1)) {
        headers.append(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1));
      }
      assertHarmless(headers, answer);
      assert.equal(Number(head.split(' ')[1]), status);
      assertProblem(status, headers.get('content-type')?.trim() ?? '', body, request);
      socket.destroy();
      if (!socket.closed) await once(socket, 'close');
    }
  });

  test('name files so that no name can become a header, a path or another type', async () => {
    const names = [
      'thumb_"; filename="evil.html',
      'thumb_%0d%0aSet-Cookie: a=1.jpg',
      'thumb_%22%5c.jpg',
      "thumb_';filename*=UTF-8''evil.html",
      'thumb_\u{1F600}.jpg',
      'thumb_ .jpg ',
      `thumb_${'x'.repeat(249)}`,
      'thumb_<script>.jpg',
      'thumb_..%2f..%2fetc%2fpasswd',
    ];
    for (const name of names) {
      const id = await finished(name);
      const { status, headers } = await ask(service, 'GET', `/jobs/${id}/outputs/thumb`);
      assert.equal(status, 200, name);
      const disposition = headers.get('content-disposition') ?? '';
      const told = /^inline; filename="([\x20-\x7e]*)"; filename\*=UTF-8''([\w.!#$&+^`|~%-]*)$/.exec(
        disposition,
      );
      assert.ok(told, disposition);
      assert.doesNotMatch(told[1] ?? '', /["\\%/]/, disposition);
      assert.equal(decodeURIComponent(told[2] ?? ''), name);
      assert.equal(headers.get('set-cookie'), null);
      const thumbnail = await ask(service, 'GET', `/thumbnails/${encodeURIComponent(name)}`);
      assert.equal(thumbnail.status, 200, name);
    }
  });
});

function assertHarmless(headers: Headers, what: string): void {
  assert.equal(headers.get('x-content-type-options')?.trim(), 'nosniff', what);
  assert.equal(headers.get('cross-origin-resource-policy')?.trim(), 'same-origin', what);
  assert.equal(headers.get('referrer-policy')?.trim(), 'no-referrer', what);
  const policy = headers.get('content-security-policy') ?? '';
  assert.match(policy, /default-src 'none'/, what);
  assert.match(policy, /frame-ancestors 'none'/, what);
}
