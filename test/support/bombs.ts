import type { RequestListener, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';

const mebibyte = 2 ** 20;

/** Answers that never end, or that are far larger than they look, by path. */
export function bombs(): Readonly<Record<string, RequestListener>> {
  const zeros = Buffer.alloc(80 * mebibyte);
  const gzip = gzipSync(zeros);
  const brotli = brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });
  const encoded = (encoding: string, body: Buffer): RequestListener => {
    return (_request, response) => response.writeHead(200, { 'content-encoding': encoding }).end(body);
  };
  const raw = (head: string, body: Buffer | string): RequestListener => {
    return ({ socket }) =>
      socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n`), Buffer.from(body)]));
  };
  return {
    '/gzip': encoded('gzip', gzip),
    '/deflate': encoded('deflate', deflateSync(zeros)),
    '/brotli': encoded('br', brotli),
    '/gzip-without-end': (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      void endlessly(response, gzip);
    },
    '/gzip-in-gzip': encoded('gzip, gzip', gzipSync(gzip)),
    '/gzip-in-brotli': encoded('gzip, br', brotliCompressSync(gzip)),
    '/unknown-encoding': encoded('zstd', gzip),
    '/not-what-it-says': encoded('gzip', Buffer.alloc(1000, 0x5a)),
    '/chunks-without-end': (_request, response) => void endlessly(response, Buffer.alloc(65_536, 0x5a)),
    '/tiny-chunks-without-end': ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      void endlessly(socket, Buffer.from('1\r\nZ\r\n'.repeat(5_000)));
    },
    '/says-too-much': (_request, response) => {
      response.writeHead(200, { 'content-length': 2 ** 40 }).flushHeaders();
    },
    '/says-more-than-it-sends': raw('content-length: 1000', 'GIF89a'),
    '/says-less-than-it-sends': raw('content-length: 10', zeros.subarray(0, mebibyte)),
    '/says-two-lengths': raw('content-length: 10\r\ncontent-length: 20', 'a'.repeat(20)),
    '/says-length-and-chunks': raw(
      'content-length: 10\r\ntransfer-encoding: chunked',
      '5\r\naaaaa\r\n0\r\n\r\n',
    ),
    '/says-and-stops': (_request, response) => {
      response.writeHead(200, { 'content-length': 1000 }).write('GIF89a');
    },
    '/chunk-of-a-giant': raw('transfer-encoding: chunked', 'FFFFFFFFFFFFFFFFF\r\naaaa'),
    '/headers-without-end': ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      void endlessly(socket, Buffer.from(`x: ${'a'.repeat(1000)}\r\n`));
    },
  };
}

/** Sends the same bytes for as long as they are taken. */
async function endlessly(target: ServerResponse | NodeJS.WritableStream, bytes: Buffer): Promise<void> {
  const source = async function* () {
    for (;;) {
      yield bytes;
      // Others in this process have their turn.
      await setImmediate();
    }
  };
  await pipeline(Readable.from(source()), target).catch(() => {});
}
