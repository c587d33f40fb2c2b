import assert from 'node:assert/strict';
import type { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import path from 'node:path';
import { describe, it } from 'node:test';
import { startHttp } from '../../test/support/counting-server.ts';
import { newDownloads } from '../../test/support/downloads.ts';
import { mountSmall } from '../../test/support/small-file-system.ts';
import { AddressGuard } from './address-guard.ts';
import { Downloader } from './download.ts';

const mebibyte = 1024 * 1024;
const tooLarge = { code: 'source-too-large', retryable: false };
const unavailable = { code: 'source-unavailable', retryable: true };

describe('Downloader, limits', () => {
  it('takes a file of just the size, and none that is a byte larger', async t => {
    await using server = await startHttp((request, response) => {
      // Without a length, so that the bytes themselves are counted.
      response.write(Buffer.alloc(Number(request.url?.slice(1))));
      response.end();
    });
    const { fetch, files } = await newDownloads(t, { maxBytes: 100_000 });
    await assert.rejects(fetch(`${server.url}/100001`), tooLarge);
    assert.deepEqual(await files(), []);
    assert.deepEqual(await fetch(`${server.url}/100000`), { bytes: 100_000 });
  });

  it('refuses an announced size at once and lets the connection go', async t => {
    const closed: Promise<unknown>[] = [];
    await using server = await startHttp((_request, response) => {
      closed.push(gone(response));
      response.writeHead(200, { 'content-length': 1_000_001 }).flushHeaders();
    });
    const { fetch, files } = await newDownloads(t);
    await assert.rejects(fetch(server.url), tooLarge);
    await Promise.all(closed);
    assert.deepEqual(await files(), []);
  });

  it('refuses encodings on top of each other, unknown ones, and what is not encoded so', async t => {
    const headers = [
      'gzip, gzip',
      'gzip,br',
      'deflate, gzip, identity',
      'zstd',
      'compress',
      '__proto__',
      'constructor',
    ];
    let encoding: string | string[] = '';
    const notEncoded = Buffer.alloc(100, 0xff);
    await using server = await startHttp((_request, response) => {
      response.setHeader('content-encoding', encoding).end(notEncoded);
    });
    const { fetch, files } = await newDownloads(t);
    for (encoding of [...headers, ['gzip', 'gzip'], 'gzip', 'deflate', 'br']) {
      await assert.rejects(fetch(server.url), { code: 'source-refused' }, String(encoding));
      assert.deepEqual(await files(), []);
    }
  });

  it('takes no more than the announced size from a server that sends more', async t => {
    await using server = await startHttp((_request, response) => {
      response.socket?.end(
        'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nabcd and more that was not announced',
      );
    });
    const { fetch } = await newDownloads(t);
    const outcome = await fetch(server.url).catch(error => error.code);
    assert.ok(outcome === 'source-unavailable' || outcome.bytes === 4, String(outcome));
  });

  it('gives up on servers that say nothing, stop, or drip', async t => {
    const behaviours: Record<string, (response: ServerResponse) => unknown> = {
      'says nothing': () => {},
      'sends its head in drips': response =>
        drip(response, bytes => response.socket?.write(bytes), 'HTTP/1.1 200 OK\r\nx: '),
      'sends early hints and no answer': response =>
        drip(response, () => response.writeEarlyHints({ link: '</a>' }), ''),
      'stops after its head': response => response.flushHeaders(),
      'stops in its body': response => response.write(Buffer.alloc(100)),
      drips: response => drip(response, bytes => response.write(bytes), 'a'),
    };
    for (const [name, behave] of Object.entries(behaviours)) {
      const closed: Promise<unknown>[] = [];
      await using server = await startHttp((request, response) => {
        closed.push(gone(request.socket));
        behave(response);
      });
      const { fetch, files } = await newDownloads(t, { idleMs: 300 });
      await assert.rejects(
        fetch(server.url),
        { ...unavailable, message: /sends nothing, or too slowly/ },
        name,
      );
      await Promise.all(closed);
      assert.deepEqual(await files(), []);
    }
  });

  it('gives up on servers that keep sending for too long, redirects included', async t => {
    await using server = await startHttp((request, response) => {
      if (request.url === '/') drip(response, bytes => response.write(bytes), 'a'.repeat(1000));
      else setTimeout(() => response.writeHead(302, { location: `${request.url}x` }).end(), 150);
    });
    const { fetch, files } = await newDownloads(t, { totalMs: 400 });
    for (const at of ['/', '/slow']) {
      await assert.rejects(fetch(server.url + at), { ...unavailable, message: /takes too long/ });
    }
    assert.deepEqual(await files(), []);
  });

  it('stops with the signal’s reason, leaves no file and lets the connection go', async t => {
    for (const isAnswered of [false, true]) {
      const stop = new AbortController();
      const reason = new Error('cancelled');
      const closed: Promise<unknown>[] = [];
      await using server = await startHttp((_request, response) => {
        closed.push(gone(response));
        if (isAnswered) response.writeHead(200, { 'content-length': 1000 }).write('a');
        else stop.abort(reason);
      });
      const { fetch, files } = await newDownloads(t);
      await assert.rejects(
        fetch(server.url, stop.signal, () => stop.abort(reason)),
        reason,
      );
      await Promise.all(closed);
      assert.deepEqual(await files(), []);
      await assert.rejects(fetch(server.url, AbortSignal.abort(reason)), reason);
    }
  });

  it('calls a full disk storage-unavailable and leaves no file', async t => {
    const folder = await mountSmall(t, '1m');
    if (!folder) return;
    await using server = await startHttp((_request, response) => response.end(Buffer.alloc(3 * mebibyte)));
    const guard = new AddressGuard(['127.0.0.1/32']);
    const downloader = new Downloader({ guard, maxBytes: 4 * mebibyte, idleMs: 20_000, totalMs: 60_000 });
    const target = path.join(folder, 'source');
    const download = downloader.download(server.url, target, new AbortController().signal);
    await assert.rejects(download, { code: 'storage-unavailable', retryable: true });
    await downloader.close();
  });
});

/** Resolves at its end, also when it was reset: `once` would take that for a fault. */
function gone(connection: EventEmitter): Promise<void> {
  return new Promise(resolve => connection.once('close', () => resolve()));
}

/** Sends a little every 20 ms until the connection closes. */
function drip(response: ServerResponse, send: (bytes: string) => unknown, bytes: string): void {
  const timer = setInterval(() => send(bytes), 20);
  response.once('close', () => clearInterval(timer));
}
