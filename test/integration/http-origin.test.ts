import assert from 'node:assert/strict';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
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
      { host: '127.999.1.1' },
      { host: '127.1' },
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

  const answerTo = async (request: string, to = service) => {
    const socket = await rawConnection(to);
    socket.end(`${request}\r\nConnection: close\r\n\r\n`);
    return text(socket);
  };

  test('refuses a request for two hosts', async () => {
    for (const second of ['localhost', 'evil.example']) {
      const answer = await answerTo(`GET /ping HTTP/1.1\r\nHost: localhost\r\nHost: ${second}`);
      assert.match(answer, /^HTTP\/1\.1 400 /);
    }
    for (const target of ['http://evil.example/ping', 'http://a@localhost/ping', 'http://localhost:1/ping']) {
      assert.match(await answerTo(`GET ${target} HTTP/1.1\r\nHost: localhost`), /^HTTP\/1\.1 400 /, target);
    }
    assert.match(await answerTo('GET http://LOCALHOST/ping HTTP/1.1\r\nHost: localhost'), /^HTTP\/1\.1 200 /);
  });

  test('elsewhere any name may be called, and metrics only from this machine', async t => {
    const open = await startHttpService({ loopbackOnly: false });
    t.after(() => open.stop());
    assert.equal(await status('/metrics', { host: 'images.example' }, open.port), 200);
    for (const header of [
      'forwarded',
      'via',
      'x-forwarded-for',
      'x-forwarded-server',
      'x-real-ip',
      'x-client-ip',
      'x-cluster-client-ip',
      'true-client-ip',
      'cf-connecting-ip',
      'cf-ray',
    ]) {
      const headers = { host: 'images.example', [header]: '127.0.0.1' };
      assert.equal(await status('/metrics', headers, open.port), 403, header);
    }
    // As nginx asks where it is told nothing.
    assert.match(await answerTo('GET /metrics HTTP/1.0\r\nHost: images.example', open), /^HTTP\/1\.1 403 /);
    assert.equal(
      await status('/jobs', { host: 'images.example', 'sec-fetch-site': 'cross-site' }, open.port),
      200,
    );
  });
});
