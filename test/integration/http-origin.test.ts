import assert from 'node:assert/strict';
import { request } from 'node:http';
import { suite, test } from 'node:test';
import { rawConnection, startHttpService } from '../support/http-service.ts';
import { suiteService } from '../support/suite-service.ts';

suite('A server without keys, on a loopback address', () => {
  const service = suiteService();

  const status = (path: string, headers: Record<string, string>, port = service.port) =>
    new Promise<number | undefined>((resolve, reject) => {
      request({ host: '127.0.0.1', port, path, headers, agent: false }, answer => {
        answer.resume().once('end', () => resolve(answer.statusCode));
      })
        .once('error', reject)
        .end();
    });

  test('takes requests of this machine', async () => {
    const host = `localhost:${service.port}`;
    for (const headers of [
      { host },
      { host: 'LOCALHOST' },
      { host: '127.0.0.1:9' },
      { host: '127.8.8.8' },
      { host: '[::1]:1' },
      { host, origin: `http://${host}` },
      { host, 'sec-fetch-site': 'same-origin' },
      { host, 'sec-fetch-site': 'none' },
    ]) {
      assert.equal(await status('/jobs', headers as Record<string, string>), 200, JSON.stringify(headers));
    }
  });

  test('refuses what a page of another site makes a browser send, on every path', async () => {
    const host = 'localhost';
    for (const headers of [
      { host: 'evil.example' },
      { host: 'localhost.evil.example' },
      { host: '127.0.0.1.evil.example' },
      { host: '10.0.0.1' },
      { host, origin: 'http://evil.example' },
      { host, origin: 'null' },
      { host, origin: 'http://localhost:9999' },
      { host, origin: 'https://localhost' },
      { host, 'sec-fetch-site': 'cross-site' },
      { host, 'sec-fetch-site': 'same-site' },
    ]) {
      for (const path of ['/jobs', '/ping', '/metrics', '/docs', '/nothing']) {
        assert.equal(
          await status(path, headers as Record<string, string>),
          403,
          JSON.stringify([path, headers]),
        );
      }
    }
  });

  test('refuses a request with two Host headers', async () => {
    for (const second of ['localhost', 'evil.example']) {
      const socket = await rawConnection(service);
      socket.end(`GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nHost: ${second}\r\n\r\n`);
      let answer = '';
      for await (const chunk of socket) answer += chunk;
      assert.match(answer, /^HTTP\/1\.1 400 /);
    }
  });

  test('elsewhere any name may be called, and metrics only from this machine', async t => {
    const open = await startHttpService({ loopbackOnly: false });
    t.after(() => open.stop());
    assert.equal(await status('/metrics', { host: 'images.example' }, open.port), 200);
    assert.equal(
      await status('/metrics', { host: 'images.example', 'x-forwarded-for': '127.0.0.1' }, open.port),
      403,
    );
    assert.equal(
      await status('/jobs', { host: 'images.example', 'sec-fetch-site': 'cross-site' }, open.port),
      200,
    );
  });
});
