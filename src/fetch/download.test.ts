import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { certificate, startHttp, startHttps } from '../../test/support/counting-server.ts';
import { startDnsServer } from '../../test/support/dns-server.ts';
import { newDownloads } from '../../test/support/downloads.ts';
import { AddressGuard } from './address-guard.ts';

const image = Buffer.from('not really an image, but bytes all the same');
const sendImage: RequestListener = (_request, response) => response.end(image);

describe('Downloader', () => {
  describe('fetches', () => {
    it('a file, and tells how far it is', async t => {
      await using server = await startHttp((_request, response) => {
        response.writeHead(200, { 'content-length': 4 });
        response.write('ab', () => response.end('cd'));
      });
      const { fetch, target } = await newDownloads(t);
      const fractions: number[] = [];
      assert.deepEqual(await fetch(`${server.url}/a?b=c#d`, undefined, part => fractions.push(part)), {
        bytes: 4,
      });
      assert.equal(await readFile(target, 'utf8'), 'abcd');
      assert.equal(fractions.at(-1), 1);
    });

    it('through five redirects of every kind, relative ones too', async t => {
      const statuses = [301, 302, 303, 307, 308];
      await using server = await startHttp((request, response) => {
        const at = Number(request.url?.slice(1));
        if (at === statuses.length) response.end(image);
        else response.writeHead(statuses[at] ?? 500, { location: `./${at + 1}` }).end('elsewhere');
      });
      const { fetch, target } = await newDownloads(t);
      await fetch(`${server.url}/0`);
      assert.deepEqual(await readFile(target), image);
    });

    it('over TLS, and says when the certificate is not valid', async t => {
      await using server = await startHttps(sendImage);
      const { fetch, target } = await newDownloads(t);
      await assert.rejects(fetch(server.url), { code: 'source-refused', message: /certificate/ });
      trustTestCertificate(t);
      await fetch(server.url);
      assert.deepEqual(await readFile(target), image);
    });

    it('without credentials, cookies or anything of an earlier answer', async t => {
      const seen: IncomingHttpHeaders[] = [];
      await using server = await startHttp((request, response) => {
        seen.push(request.headers);
        response.setHeader('set-cookie', 'session=1');
        if (request.url === '/end') response.end(image);
        else response.writeHead(302, { location: '/end' }).end();
      });
      const { fetch } = await newDownloads(t);
      await fetch(`${server.url}/start`);
      assert.equal(seen.length, 2);
      for (const headers of seen) {
        assert.deepEqual(Object.keys(headers).sort(), [
          'accept',
          'accept-encoding',
          'connection',
          'host',
          'user-agent',
        ]);
        assert.equal(headers['accept-encoding'], 'identity');
      }
    });

    it('what a server encodes although it was not asked to', async t => {
      const encoders = { gzip: gzipSync, 'x-gzip': gzipSync, deflate: deflateSync, br: brotliCompressSync };
      for (const [encoding, encode] of Object.entries(encoders)) {
        await using server = await startHttp((_request, response) => {
          response
            .writeHead(200, { 'content-encoding': `identity, ${encoding.toUpperCase()}` })
            .end(encode(image));
        });
        const { fetch, target } = await newDownloads(t);
        assert.deepEqual(await fetch(server.url), { bytes: image.length });
        assert.deepEqual(await readFile(target), image);
      }
    });
  });

  describe('reaches no private address', () => {
    it('by a name, at the last of several hops either', async t => {
      await using secret = await startHttp(sendImage);
      await using server = await startHttp((request, response) => {
        const location = request.url === '/0' ? '/1' : `http://inside.test:${secret.port}/`;
        response.writeHead(307, { location }).end();
      }, '127.0.0.2');
      await using dns = await startDnsServer(name =>
        name === 'outside.test' ? ['127.0.0.2'] : ['127.0.0.2', '127.0.0.1'],
      );
      const guard = new AddressGuard(['127.0.0.2/32'], dns.resolve);
      const { fetch } = await newDownloads(t, { guard });
      await assert.rejects(fetch(`http://outside.test:${server.port}/0`), {
        code: 'address-blocked',
        message: 'inside.test is at an address that may not be reached from here.',
      });
      assert.equal(server.connections > 0, true);
      assert.equal(secret.connections, 0);
    });
  });

  describe('refuses', () => {
    it('what is no URL', async t => {
      const { fetch } = await newDownloads(t);
      for (const url of ['', 'example.com/a.png', '/a.png', 'http://', 'http://[::1', 'http://a b/']) {
        await assert.rejects(fetch(url), { code: 'invalid-request' }, url);
      }
    });

    it('answers that are no file, each with the code that tells whether to try again', async t => {
      const codes = {
        'source-not-found': [404, 410],
        'source-refused': [201, 204, 206, 304, 400, 401, 403, 451],
        'source-unavailable': [408, 425, 429, 500, 503],
      };
      await using server = await startHttp((request, response) => {
        response.writeHead(Number(request.url?.slice(1))).end();
      });
      const { fetch } = await newDownloads(t);
      for (const [code, statuses] of Object.entries(codes)) {
        for (const status of statuses) {
          const message = new RegExp(`^127\\.0\\.0\\.1:${server.port} .*HTTP ${status}`);
          await assert.rejects(fetch(`${server.url}/${status}`), { code, message });
        }
      }
    });

    it('to overwrite a file', async t => {
      await using server = await startHttp(sendImage);
      const { fetch, target } = await newDownloads(t);
      await writeFile(target, 'here before');
      await assert.rejects(fetch(server.url), { code: 'internal' });
      assert.equal(await readFile(target, 'utf8'), 'here before');
    });
  });

  describe('calls unavailable', () => {
    it('a server that is not there, a name that is not known, a transfer that breaks off', async t => {
      const gone = await startHttp(sendImage);
      await gone[Symbol.asyncDispose]();
      await using dns = await startDnsServer(() => []);
      const guard = new AddressGuard(['127.0.0.0/8'], dns.resolve);
      const { fetch } = await newDownloads(t, { guard });
      const unavailable = { code: 'source-unavailable', retryable: true };
      await assert.rejects(fetch(gone.url), unavailable);
      await assert.rejects(fetch('http://unknown.test/'), { ...unavailable, message: /unknown\.test/ });
      for (const headers of [{ 'content-length': 100 }, { 'content-encoding': 'gzip' }, {}]) {
        await using server = await startHttp((_request, response) => {
          response.writeHead(200, headers);
          response.write(gzipSync(image).subarray(0, 30), () => response.destroy());
        });
        await assert.rejects(fetch(server.url), unavailable);
      }
    });
  });
});

function trustTestCertificate(t: TestContext): void {
  const before = getCACertificates();
  setDefaultCACertificates([...before, certificate]);
  t.after(() => setDefaultCACertificates(before));
}
